"""Compare the cookies that two responses set."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bridge.shadow.comparing.found import Found
    from bridge.shadow.comparing.run import Runs

__all__ = ["compare_cookies"]

# itsdangerous and JWT: parts in base64, with dots between them. The first is what was signed.
SIGNED: Final = re.compile(r"\.?[\w-]+\.[\w-]+\.[\w-]+")
RANDOM: Final = re.compile(r"(?=.*\d)[\w+/=%-]{20,}")
LIFETIME: Final = frozenset({"expires", "max-age"})
# A lifetime is written in whole seconds.
TOLERANCE: Final = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Cookie:
    """
    One Set-Cookie header.

    Attributes:
        value: The value, without quotes.
        attributes: Attributes by name in lower case.
    """

    value: str
    attributes: Mapping[str, str]

    def ends(self, now: datetime) -> datetime | None:
        """Return when it expires; None for the end of the browser's session, or where nobody can tell."""
        try:
            if "max-age" in self.attributes:
                return now + timedelta(seconds=int(self.attributes["max-age"]))
            if "expires" in self.attributes:
                moment = parsedate_to_datetime(self.attributes["expires"].replace("-", " "))
                return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            return None
        return None


def compare_cookies(control: Sequence[str], candidate: Sequence[str], found: Found, runs: Runs) -> None:
    """Find the differences between two lists of Set-Cookie headers; the last of a name counts, as it does for a browser."""
    ours, theirs = dict(map(_read, control)), dict(map(_read, candidate))
    for name, cookie in ours.items():
        if name not in theirs:
            found.add("header.cookie.missing", f"cookie {name}", _shown(name, cookie), None)
            continue
        _compare(name, cookie, theirs[name], found, runs)
    for name, cookie in theirs.items():
        if name not in ours:
            found.add("header.cookie.extra", f"cookie {name}", None, _shown(name, cookie))


def _compare(name: str, control: Cookie, candidate: Cookie, found: Found, runs: Runs) -> None:
    ends = control.ends(runs.control[0]), candidate.ends(runs.candidate[0])
    gone = [moment is not None and moment <= runs.control[0] + TOLERANCE for moment in ends]
    if all(gone):
        if _attributes(control) != _attributes(candidate) or control.attributes != candidate.attributes:
            found.add("header.cookie.deletion", f"cookie {name}", _shown(name, control), _shown(name, candidate))
        return
    if not _same_value(control.value, candidate.value) and not runs.same_text(control.value, candidate.value):
        found.add("header.cookie.value", f"cookie {name}", control.value, candidate.value)
    if not _same_end(ends, runs):
        texts = (
            "; ".join(f"{key}={value}" for key, value in each.attributes.items() if key in LIFETIME)
            for each in (control, candidate)
        )
        found.add("header.cookie.lifetime", f"cookie {name}.max-age", *texts)
    attributes = _attributes(control), _attributes(candidate)
    for key in sorted(attributes[0].keys() | attributes[1].keys()):
        values = attributes[0].get(key), attributes[1].get(key)
        if values[0] != values[1]:
            found.add("header.cookie.attribute", f"cookie {name}.{key}", *values)


def _read(header: str) -> tuple[str, Cookie]:
    pair, *rest = (part.strip() for part in header.split(";"))
    name, _, value = pair.partition("=")
    attributes = (part.partition("=") for part in rest if part)
    return name, Cookie(value.strip('"'), {key.strip().lower(): text.strip() for key, _, text in attributes})


def _attributes(cookie: Cookie) -> dict[str, str]:
    kept = {key: value for key, value in cookie.attributes.items() if key not in LIFETIME}
    return {key: value.lower() if key == "samesite" else value for key, value in kept.items()}


def _same_value(control: str, candidate: str) -> bool:
    """Return whether two values are the same, or both signed, or both drawn at random."""
    if control == candidate:
        return True
    if SIGNED.fullmatch(control) and SIGNED.fullmatch(candidate):
        return True
    return bool(RANDOM.fullmatch(control) and RANDOM.fullmatch(candidate)) and len(control) == len(candidate)


def _same_end(ends: tuple[datetime | None, datetime | None], runs: Runs) -> bool:
    if ends[0] is None or ends[1] is None:
        return ends[0] is ends[1]
    return abs((ends[0] - runs.control[0]) - (ends[1] - runs.candidate[0])) <= TOLERANCE


def _shown(name: str, cookie: Cookie) -> str:
    return "; ".join(
        [f"{name}={cookie.value}", *(f"{key}={value}".rstrip("=") for key, value in cookie.attributes.items())]
    )
