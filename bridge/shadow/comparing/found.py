"""Collect differences: excuse those that are excused, and keep those that matter most."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from bridge.shadow.comparing.shown import shown, shown_pair, storable
from bridge.shadow.difference import Difference, Severity
from bridge.shadow.rules import rule_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from bridge.shadow.comparing.hints import Hints
    from bridge.shadow.comparing.noise import Noise
    from bridge.shadow.comparing.options import CompareOptions

__all__ = ["NOTHING", "Enough", "Found"]

NOTHING: Final = object()
NOISE: Final = "noise: the control differs from itself here"
ORDER: Final = (Severity.ERROR, Severity.WARNING, Severity.INFO)
EXCUSED: Final = len(ORDER)
# With so many times the limit there is nothing left to learn.
ENOUGH: Final = 20
# Excused or not, looking at so many takes a tenth of a second.
TOO_MANY: Final = 200


class Enough(Exception):
    """More differences than anybody will look at were found."""


@dataclass(slots=True)
class Found:
    """
    The differences of one check so far.

    Attributes:
        options: What is excused, and how many are kept.
        noise: What the control disagrees with itself on.
        hints: What the request tells about the cause.
        today: The day that expiry dates are compared with.
        looks_further: Whether to look at what follows from an unexcused difference, too.
    """

    options: CompareOptions
    noise: Noise
    hints: Hints
    today: date
    looks_further: bool = False
    _kept: tuple[list[tuple[int, Difference]], ...] = field(
        default_factory=lambda: tuple([] for _ in range(EXCUSED + 1))
    )
    _total: int = 0
    _unexcused: int = 0
    _stopped: bool = False

    def add_values(self, rule: str, where: str, control: Any, candidate: Any) -> bool:
        """
        Add a difference between two JSON values, either of which may be `NOTHING`.

        Returns:
            Whether to look further: what follows from an unexcused difference is no news.

        Raises:
            Enough: Nobody needs to know of more.
        """
        return self._add(self.hints.rename(rule, control, candidate), where, lambda: _shown(control, candidate))

    def add(self, name: str, where: str, control: str | None, candidate: str | None) -> bool:
        """
        Add a difference between two texts.

        Returns:
            Whether to look further: what follows from an unexcused difference is no news.

        Raises:
            Enough: Nobody needs to know of more.
        """
        return self._add(name, where, lambda: (control, candidate))

    def _add(self, name: str, where: str, show: Callable[[], tuple[str | None, str | None]]) -> bool:
        rule = rule_of(name)
        excused, expired = self._excuse(name, where)
        rank = EXCUSED if excused else ORDER.index(rule.severity)
        self._total += 1
        self._unexcused += excused is None
        if len(self._kept[rank]) < self.options.limit:
            ours, theirs = (None if text is None else storable(text) for text in show())
            difference = Difference(name, rule.severity, storable(where), ours, theirs, rule.remedy + expired, excused)
            self._kept[rank].append((self._total, difference))
        elif self._total >= TOO_MANY * self.options.limit:
            self._stopped = True
            raise Enough
        elif rank == 0 and self._unexcused >= ENOUGH * self.options.limit:
            raise Enough
        return excused is not None or self.looks_further

    def differences(self) -> tuple[Difference, ...]:
        """Return what is kept, in the order found, and last how many more there were."""
        by_weight = list(chain.from_iterable(self._kept))[: self.options.limit]
        kept = tuple(difference for _, difference in sorted(by_weight, key=lambda pair: pair[0]))
        left = self._total - len(kept)
        if not left:
            return kept
        more = rule_of("check.more")
        shown_unexcused = sum(difference.excused is None for difference in kept)
        all_excused = self._unexcused == shown_unexcused and not self._stopped
        excused = "each of them is excused" if all_excused else None
        left_text = f"{left} more, and what is behind them" if self._stopped else f"{left} more"
        return (*kept, Difference(more.name, more.severity, "*", None, left_text, more.remedy, excused))

    def _excuse(self, rule: str, where: str) -> tuple[str | None, str]:
        if self.noise.excuses(rule, where):
            return NOISE, ""
        expired = ""
        for each in self.options.ignore:
            if each.covers(rule, where):
                if not each.has_expired(self.today):
                    return each.reason, ""
                expired = f" (was excused until {each.until}: {each.reason})"
        return None, expired


def _shown(control: Any, candidate: Any) -> tuple[str | None, str | None]:
    if control is NOTHING or candidate is NOTHING:
        return None if control is NOTHING else shown(control), None if candidate is NOTHING else shown(candidate)
    return shown_pair(control, candidate)
