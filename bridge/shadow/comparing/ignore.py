"""Differences that somebody has decided to live with, until a date."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from difflib import get_close_matches
from functools import cache

from bridge.errors import InvalidIgnore
from bridge.shadow.rules import names

__all__ = ["Ignore"]


@dataclass(frozen=True, slots=True)
class Ignore:
    """
    Excuses differences of one operation.

    A star stands for any text, and ``[*]`` for any one index or key::

        Ignore("json.datetime.*", "$.items[*].seen_at", reason="clients parse both, see SHOP-12", until=date(2027, 1, 31))

    Attributes:
        rule: The rules it excuses.
        where: The places it excuses them in.
        reason: Why they do not matter; shown with each difference.
        until: The last day on which it excuses anything; None for ever.
    """

    rule: str
    where: str = "*"
    reason: str = field(kw_only=True)
    until: date | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        """
        Check the settings.

        Raises:
            InvalidIgnore: There is no reason, no place, no such rule, or *until* is not a date.
        """
        if not self.reason.strip():
            msg = f"Ignore({self.rule!r}) has no reason: say why the difference does not matter, for whoever finds it next year"
            raise InvalidIgnore(msg)
        if not self.where:
            msg = f"Ignore({self.rule!r}) has no place: write '*' for every one"
            raise InvalidIgnore(msg)
        if self.until is not None and (not isinstance(self.until, date) or isinstance(self.until, datetime)):
            msg = f"Ignore({self.rule!r}) ends at {self.until!r}: give the last day as a datetime.date"
            raise InvalidIgnore(msg)
        if not any(map(_pattern(self.rule).fullmatch, names())):
            close = get_close_matches(self.rule, names(), n=1)
            hint = f"did you mean {close[0]!r}?" if close else "see docs/reference/differences.md"
            msg = f"Ignore({self.rule!r}) names no rule: {hint}"
            raise InvalidIgnore(msg)

    def covers(self, rule: str, where: str) -> bool:
        """Return whether a difference is one of those it was written for."""
        return bool(_pattern(self.rule).fullmatch(rule) and _pattern(self.where).fullmatch(where))

    def has_expired(self, today: date) -> bool:
        """Return whether it no longer excuses anything."""
        return self.until is not None and today > self.until


@cache
def _pattern(glob: str) -> re.Pattern[str]:
    parts = (re.escape(part).replace(r"\*", ".*") for part in glob.split("[*]"))
    return re.compile(r"\[[^\]]*\]".join(parts), re.DOTALL)
