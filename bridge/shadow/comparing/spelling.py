"""Tell how two texts of JSON differ in what means nothing."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from bridge.shadow.comparing.place import below, general

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bridge.shadow.comparing.found import Found

__all__ = ["compare_spelling"]

BODY: Final = "body"
ESCAPE: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u(?!00[01])")
# What follows a token, outside of strings.
TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|(?P<token>[:,\[{])(?P<blank>\s*)')
# Writers do not change their style in the middle.
SAMPLE: Final = 4096
# Objects looked at for the order of their keys: enough for a page of rows, short of a millisecond.
OBJECTS: Final = 1000


def compare_spelling(control: str, candidate: str, documents: tuple[Any, Any], found: Found) -> None:
    """Find out how the texts of two documents differ, apart from what is in the documents."""
    told = False
    for place, order in _orders(documents[0], documents[1]):
        found.add("json.key_order", place, *order)
        told = True
    ours, theirs = control.rstrip("\r\n"), candidate.rstrip("\r\n")
    if control[len(ours) :] != candidate[len(theirs) :]:
        found.add("json.trailing_newline", BODY, repr(control[len(ours) :]), repr(candidate[len(theirs) :]))
        told = True
    escapes = _escapes(control), _escapes(candidate)
    if escapes[0] != escapes[1] and not (candidate if escapes[0] else control).isascii():
        found.add("json.escapes", BODY, *("\\u" if each else "UTF-8" for each in escapes))
        told = True
    blanks = _blanks(control), _blanks(candidate)
    if any(blanks[0][token] != blanks[1][token] for token in blanks[0].keys() & blanks[1].keys()):
        found.add("json.whitespace", BODY, *(_shown(each) for each in blanks))
        told = True
    if not told and ours != theirs and documents[0] == documents[1]:
        found.add("json.bytes", BODY, f"{len(control)} characters", f"{len(candidate)} characters")


def _escapes(text: str) -> bool:
    return "\\u" in text and ESCAPE.search(text) is not None


def _orders(control: Any, candidate: Any) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield the first of each kind of place where two objects have their common keys in another order."""
    if control == candidate and json.dumps(control) == json.dumps(candidate):
        return  # the order is part of what is written
    seen: set[str] = set()
    waiting, looked_at = [("$", control, candidate)], 0
    while waiting and looked_at < OBJECTS:
        place, ours, theirs = waiting.pop()
        if isinstance(ours, list) and isinstance(theirs, list):
            pairs = list(zip(ours, theirs, strict=False))[:OBJECTS]
            waiting += [(f"{place}[{i}]", *pair) for i, pair in reversed([*enumerate(pairs)])]
        elif isinstance(ours, dict) and isinstance(theirs, dict):
            looked_at += 1
            keys = [key for key in ours if key in theirs], [key for key in theirs if key in ours]
            if keys[0] != keys[1] and general(place) not in seen:
                seen.add(general(place))
                yield place, (", ".join(keys[0]), ", ".join(keys[1]))
            waiting += [(below(place, key), ours[key], theirs[key]) for key in reversed(keys[0])]


def _blanks(text: str) -> dict[str, str]:
    """Return the white space after the first of each token."""
    blanks: dict[str, str] = {}
    for token in TOKEN.finditer(text[:SAMPLE]):
        if token["token"]:
            blanks.setdefault(token["token"], token["blank"])
    return blanks


def _shown(blanks: dict[str, str]) -> str:
    return " ".join(repr(token + blank) for token, blank in sorted(blanks.items()))
