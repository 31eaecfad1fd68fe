"""The examples of the rules as exchanges."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from bridge.shadow import Exchange, RecordedResponse, RowWrite, WriteKind, WriteSet
from bridge.stages import Path
from tests.unit.shadow.exchanges import answer, exchange

if TYPE_CHECKING:
    from bridge.shadow.rules import Rule

__all__ = ["example"]

WRITE = re.compile(r"(?P<kind>\w+) (?P<table>\w+) (?P<column>\w+)=(?P<key>\d+) (?P<rows>.*)")


def example(rule: Rule) -> tuple[Exchange, Exchange]:
    """Return the exchanges that the example of *rule* stands for."""
    method, target = rule.request.split(" ", 1)
    family = rule.name.partition(".")[0]
    sides = []
    for text, path in ((rule.control, Path.BRIDGED), (rule.candidate, Path.NATIVE)):
        response, more = _response(rule.name, family, text)
        sides.append(exchange(response, method=method, target=target, path=path, **more))
    return sides[0], sides[1]


def _response(name: str, family: str, text: str) -> tuple[RecordedResponse | None, dict[str, Any]]:
    more: dict[str, Any] = {}
    response: RecordedResponse | None = answer("{}")
    if family in {"json", "query", "check"}:
        response = answer(text)
    elif family in {"candidate", "control", "status"}:
        response, more = (answer(status=int(text)), {}) if text.isdigit() else (None, {"error": text})
    elif family == "header":
        pairs = (line.partition(": ") for line in text.splitlines())
        response = RecordedResponse(200, tuple((key.lower().encode(), value.encode()) for key, _, value in pairs), b"")
    elif family == "binary":
        response = answer(bytes.fromhex(text), media="image/png")
    elif family == "sql":
        more = {"writes": WriteSet(tuple(map(_write, text.splitlines())))}
    elif family == "egress":
        more = {"blocked": tuple(text.splitlines())}
    else:
        media, _, body = text.partition(" ") if name == "body.media_type" else ("text/plain", "", text)
        response = answer(body, media=media)
    return response, more


def _write(line: str) -> RowWrite:
    found = WRITE.fullmatch(line)
    assert found is not None, line
    key = {found["column"]: int(found["key"])}
    kind = WriteKind(found["kind"])
    rows = json.loads(f"[{found['rows'].replace('} {', '}, {')}]")
    after = None if kind is WriteKind.DELETE else {**key, **rows[-1]}
    return RowWrite(kind, found["table"], key, None if kind is WriteKind.INSERT else {**key, **rows[0]}, after)
