"""Compare the headers that a client acts on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from bridge.shadow.comparing.cookies import compare_cookies
from bridge.shadow.comparing.media import header_values, media_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.shadow.comparing.found import Found
    from bridge.shadow.comparing.run import Runs
    from bridge.shadow.exchange import RecordedResponse

__all__ = ["compare_headers"]

# Of digits; int() is slow with thousands of them.
LONGEST_SECONDS: Final = 9
SETS: Final = {"allow": "header.allow", "vary": "header.vary", "cache-control": "header.value"}


def compare_headers(control: RecordedResponse, candidate: RecordedResponse, found: Found, runs: Runs) -> None:
    """Find the differences between the chosen headers of two responses."""
    for name in found.options.headers:
        ours, theirs = header_values(control, name), header_values(candidate, name)
        if ours == theirs:
            continue
        if name == "set-cookie":
            compare_cookies(ours, theirs, found, runs)
            continue
        texts = tuple(", ".join(each) if each else None for each in (ours, theirs))
        rule = _rule(name, texts[0], texts[1], runs)
        if rule:
            found.add(rule, f"header {name}", *texts)


def _rule(name: str, control: str | None, candidate: str | None, runs: Runs) -> str | None:
    if control is None or candidate is None:
        return "header.missing" if candidate is None else "header.extra"
    if name in SETS:
        return SETS[name] if _words(control) != _words(candidate) else None
    special: Callable[[str, str, Runs], str | None] | None = SPECIAL.get(name)
    if special:
        return special(control, candidate, runs)
    return None if runs.same_text(control, candidate) else "header.value"


def _words(value: str) -> set[str]:
    return {word.strip().lower() for word in value.split(",")}


def _content_type(control: str, candidate: str, _runs: Runs) -> str | None:
    (ours, parameters), (theirs, others) = media_type(control), media_type(candidate)
    if ours != theirs:
        return "header.content_type"
    for each in (parameters, others):
        each.pop("boundary", None)  # is drawn anew for each body
        each["charset"] = each.get("charset", "").lower()
    return "header.charset" if parameters != others else None


def _location(control: str, candidate: str, runs: Runs) -> str | None:
    if runs.same_text(control, candidate):
        return None
    try:
        ours, theirs = urlsplit(control), urlsplit(candidate)
    except ValueError:
        return "header.location"
    bare = [each._replace(scheme="", netloc="").geturl() or "/" for each in (ours, theirs)]
    same = bare[0] == bare[1] or runs.same_text(*bare)
    return "header.location.absolute" if same and bool(ours.netloc) != bool(theirs.netloc) else "header.location"


def _retry_after(control: str, candidate: str, runs: Runs) -> str | None:
    if control.isascii() and candidate.isascii() and control.isdigit() and candidate.isdigit():
        # It counts down to a moment, and the runs began at different ones.
        apart = abs((runs.candidate[0] - runs.control[0]).total_seconds()) + 1
        near = max(len(control), len(candidate)) <= LONGEST_SECONDS and abs(int(control) - int(candidate)) <= apart
        return None if near else "header.retry_after"
    return None if runs.same_text(control, candidate) else "header.retry_after"


SPECIAL: Final[dict[str, Callable[[str, str, Runs], str | None]]] = {
    "content-type": _content_type,
    "location": _location,
    "retry-after": _retry_after,
}
