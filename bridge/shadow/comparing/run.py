"""What the two runs made up: times, salted hashes, and the keys of rows that they inserted."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from bridge.shadow.comparing.moments import HTTP_DATE, ISO_DATE, Moment, is_zone_shift, read_moment

if TYPE_CHECKING:
    from bridge.shadow.exchange import Exchange

__all__ = ["Runs"]

SALTED_HASH: Final = (
    r"\$argon2\w*\$[^\s\"]+|\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}|(?:pbkdf2|scrypt):[\w:]+\$[^\s\"$]+\$[0-9a-f]+"
)
IS_HASH: Final = re.compile(SALTED_HASH)
UUID: Final = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
IS_UUID: Final = re.compile(f"{UUID}|[0-9a-fA-F]{{32}}")
MADE_UP: Final = re.compile(f"({HTTP_DATE}|{ISO_DATE}|{UUID}|{SALTED_HASH}|[0-9]+)")
# A whole number in a text is only taken for a key where it stands as one: in a URL, or after the word.
BEFORE_A_KEY: Final = re.compile(r"(?:[/=#]|\bid\W{0,4})$", re.IGNORECASE)
# What Python calls a name whose value is a key.
KEY_NAME: Final = re.compile(r"(?:.*_)?(?:id|ids|pk|uuid)|.*[a-z0-9](?:Id|ID|Ids)")
# HTTP dates have whole seconds, so one may lie up to a second before the run began; clocks of hosts differ by as much.
TOLERANCE: Final = timedelta(seconds=2)
LONGEST_TEXT: Final = 20_000


@dataclass(frozen=True, slots=True)
class Runs:
    """
    The two runs of one request, and what each of them made up.

    Attributes:
        control: When the control began and ended.
        candidate: When the candidate began and ended.
        keys: Pairs of values that name the same inserted row, as text: the control's, the candidate's.
        key_names: Columns that hold such keys, besides those whose name says so.
    """

    control: tuple[datetime, datetime]
    candidate: tuple[datetime, datetime]
    keys: frozenset[tuple[str, str]] = frozenset()
    key_names: frozenset[str] = field(default=frozenset())

    @classmethod
    def of(cls, control: Exchange, candidate: Exchange) -> Runs:
        """Return the runs of two exchanges, before anything is known of the rows that they inserted."""
        return cls(_window(control), _window(candidate))

    def aligned(self, control: Moment, candidate: Moment) -> Moment:
        """Return *candidate* as it would be had both runs been at the same time, where both are times of their runs."""
        if not _lies_in(control.at, self.control):
            return candidate
        fraction = control.fraction if control.fraction and candidate.fraction else candidate.fraction
        if _lies_in(candidate.at, self.candidate):
            return replace(candidate, at=control.at, fraction=fraction)
        shift = candidate.at - control.at
        slack = self.candidate[0] - self.control[0]
        quarters = round((shift - slack) / timedelta(minutes=15)) * timedelta(minutes=15)
        moved = is_zone_shift(abs(quarters)) and abs(shift - slack - quarters) <= TOLERANCE + self.length
        return replace(candidate, at=control.at + quarters, fraction=fraction) if moved else candidate

    def keys_of_control(self, key: str) -> list[str]:
        """Return the keys that the control gave to rows, of any table, which the candidate gave *key*."""
        return [control for control, candidate in self.keys if candidate == key]

    @property
    def length(self) -> timedelta:
        """How long the two runs took together."""
        return (self.control[1] - self.control[0]) + (self.candidate[1] - self.candidate[0])

    def same_key(self, control: str, candidate: str, name: str) -> bool:
        """Return whether two values name one inserted row, where the name of their place says that they are keys."""
        if (control, candidate) not in self.keys:
            return False
        return bool(KEY_NAME.fullmatch(name)) or name in self.key_names or bool(IS_UUID.fullmatch(control))

    def same_number(self, control: str, candidate: str) -> bool:
        """Return whether both are times of their runs, as seconds or milliseconds since 1970."""
        for unit in (1.0, 1000.0):
            if all(
                _is_epoch(text, unit, window) for text, window in ((control, self.control), (candidate, self.candidate))
            ):
                return True
        return False

    def same_text(self, control: str, candidate: str) -> bool:
        """Return whether two texts differ in made-up parts only."""
        if max(len(control), len(candidate)) > LONGEST_TEXT:
            return False
        ours, theirs = MADE_UP.split(control), MADE_UP.split(candidate)
        if len(ours) != len(theirs) or ours[::2] != theirs[::2]:
            return False
        return all(
            one == other or self._same_part(one, other, before)
            for before, one, other in zip(ours[::2], ours[1::2], theirs[1::2], strict=False)
        )

    def _same_part(self, control: str, candidate: str, before: str) -> bool:
        if (control, candidate) in self.keys:
            return bool(IS_UUID.fullmatch(control)) or bool(BEFORE_A_KEY.search(before))
        moments = read_moment(control), read_moment(candidate)
        if moments[0] and moments[1]:
            return self.aligned(moments[0], moments[1]) == moments[0]
        hashes = IS_HASH.fullmatch(control), IS_HASH.fullmatch(candidate)
        return bool(hashes[0] and hashes[1]) and control[:6] == candidate[:6]


def _window(exchange: Exchange) -> tuple[datetime, datetime]:
    started = exchange.started
    return started, started + timedelta(seconds=exchange.elapsed_s)


def _lies_in(moment: datetime, window: tuple[datetime, datetime]) -> bool:
    return window[0] - TOLERANCE <= moment <= window[1] + TOLERANCE


def _is_epoch(text: str, unit: float, window: tuple[datetime, datetime]) -> bool:
    try:
        return _lies_in(datetime.fromtimestamp(float(text) / unit, UTC), window)
    except (ValueError, OverflowError, OSError):
        return False
