"""Compare two bodies, each kind in its own way."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

from bridge.shadow.comparing.document import Numbers, read_json
from bridge.shadow.comparing.media import header_values, kind_of, media_type
from bridge.shadow.comparing.spelling import compare_spelling
from bridge.shadow.comparing.texts import compare_texts
from bridge.shadow.comparing.walk import Walk

if TYPE_CHECKING:
    from bridge.shadow.comparing.found import Found
    from bridge.shadow.comparing.run import Runs
    from bridge.shadow.exchange import RecordedResponse

__all__ = ["compare_bodies"]

BODY: Final = "body"
START: Final = 80


def compare_bodies(control: RecordedResponse, candidate: RecordedResponse, found: Found, runs: Runs) -> None:
    """Find the differences between two bodies."""
    ours, theirs = control.body, candidate.body
    if ours == theirs:
        return
    if not ours or not theirs:
        rule, shown = ("body.missing", ours) if ours else ("body.extra", theirs)
        texts = (_start(shown), None) if ours else (None, _start(shown))
        found.add(rule, BODY, *texts)
        return
    (media, parameters), (other_media, other_parameters) = _type(control), _type(candidate)
    kind = kind_of(media, ours)
    if media and other_media and kind != kind_of(other_media, theirs):
        found.add("body.media_type", BODY, f"{media} {_start(ours)}", f"{other_media} {_start(theirs)}")
    elif kind == "json":
        _compare_json(ours, theirs, found, runs)
    elif kind == "text":
        compare_texts(
            _text(ours, parameters.get("boundary")), _text(theirs, other_parameters.get("boundary")), found, runs
        )
    else:
        _compare_bytes(ours, theirs, found)


def _compare_json(control: bytes, candidate: bytes, found: Found, runs: Runs) -> None:
    numbers = Numbers()
    try:
        text = control.decode()
        document = read_json(text, numbers)
    except (ValueError, RecursionError):
        # Nobody can read it, so nobody depends on what it means.
        compare_texts(_text(control, None), _text(candidate, None), found, runs)
        return
    try:
        other_text = candidate.decode()
        other = read_json(other_text, numbers)
    except (ValueError, RecursionError):
        found.add("json.not_json", "$", _start(control), _start(candidate))
        return
    try:
        Walk(found, runs, found.options.depth).compare(document, other, "$")
        compare_spelling(text, other_text, (document, other), found)
    except RecursionError:
        found.add("json.too_deep", "$", _start(control), _start(candidate))


def _compare_bytes(control: bytes, candidate: bytes, found: Found) -> None:
    texts = (f"{len(each)} bytes, SHA-256 {sha256(each).hexdigest()}" for each in (control, candidate))
    found.add("binary.content" if len(control) == len(candidate) else "binary.length", BODY, *texts)


def _type(response: RecordedResponse) -> tuple[str, dict[str, str]]:
    return media_type(next(iter(header_values(response, "content-type")), ""))


def _text(body: bytes, boundary: str | None) -> str:
    """Return *body* as text. The boundary of multipart is drawn anew for each body, so it goes by one name."""
    text = body.decode("utf-8", "backslashreplace")
    return text.replace(boundary, "boundary") if boundary else text


def _start(body: bytes) -> str:
    text = body[: START + 1].decode("utf-8", "backslashreplace")
    return text if len(body) <= START else f"{text[:START]}..."
