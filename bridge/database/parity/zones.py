"""The time zones of PostgreSQL, which it names as the IANA does or spells out as POSIX does."""

from __future__ import annotations

import re
import struct
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bridge.errors import TimeZoneUnknown

__all__ = ["SessionZone", "Zones"]

EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
NAIVE_EPOCH: Final = datetime(2000, 1, 1)  # noqa: DTZ001 -- to measure naive values from
MICROSECOND: Final = timedelta(microseconds=1)
DAY_S: Final = 86_400
# Days between the values of a table rarely exceed fifty years.
MOST_DAYS: Final = 20_000
RULE_MARKS: Final = frozenset("<,")
# Most servers' zone, which a machine without a database of zones has to know, too.
UTC_NAMES: Final = frozenset({"UTC", "Etc/UTC", "GMT"})


class SessionZone:
    """
    Conversions between moments, in microseconds since 2000 as PostgreSQL counts, and the clock of one time zone.

    Like psycopg2, it gives each moment the offset that the zone had then, as a fixed one: moments with a `ZoneInfo` would compare
    unequal in the hour that a zone repeats, and add across its changes differently.
    """

    __slots__ = ("_days", "_zone")

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._days: dict[int, datetime | None] = {}

    def to_datetime(self, moment_us: int) -> datetime:
        """
        Return the moment as an aware datetime.

        Raises:
            ValueError: Python's datetime has no such year.
        """
        # Python counts with small numbers faster than with large ones, so the days come from the seconds.
        seconds, microseconds = divmod(moment_us, 1_000_000)
        day = seconds // DAY_S
        try:
            start = self._days[day] if day in self._days else self._remember(day)
            return (start or self._epoch_at(seconds)) + timedelta(0, seconds, microseconds)
        except OverflowError:
            msg = "year is out of range"
            raise ValueError(msg) from None

    def from_naive(self, value: datetime) -> int:
        """Return the moment at which the zone's clocks show *value*, as PostgreSQL chooses it where there are two or none."""
        ahead = (value - NAIVE_EPOCH) // MICROSECOND
        # Of a time that occurs twice, the second; of one that is left out, as if the clocks had not changed yet. Both have the
        # smaller offset: DetermineTimeZoneOffset in https://github.com/postgres/postgres/blob/master/src/backend/utils/adt/datetime.c
        offsets = (value.replace(tzinfo=self._zone, fold=fold).utcoffset() for fold in (0, 1))
        return ahead - min(offset for offset in offsets if offset is not None) // MICROSECOND

    def _remember(self, day: int) -> datetime | None:
        # No zone changes its offset and changes it back within a day, so equal ends mean that it is the same all day.
        try:
            first, last = self._epoch_at(day * DAY_S), self._epoch_at((day + 1) * DAY_S - 1)
        except OverflowError:  # on the first and the last day that Python knows, some moments exist and some do not
            return None
        if len(self._days) >= MOST_DAYS:
            self._days.clear()
        self._days[day] = first if first.utcoffset() == last.utcoffset() else None
        return self._days[day]

    def _epoch_at(self, seconds: int) -> datetime:
        # The start of 2000, as clocks with the offset of that moment show it.
        moment = EPOCH + timedelta(0, seconds)
        return EPOCH.astimezone(timezone(moment.astimezone(self._zone).utcoffset() or timedelta()))


class Zones(dict[str, SessionZone]):
    """The zones that sessions had so far, by the names that PostgreSQL reports; the first use of each reads a file."""

    def __missing__(self, name: str) -> SessionZone:
        """
        Look *name* up.

        Raises:
            TimeZoneUnknown: This machine's database of time zones lacks it.
        """
        zone = self[name] = SessionZone(_zone(name))
        return zone


def _zone(name: str) -> ZoneInfo:
    if name in UTC_NAMES:
        return _posix_zone("UTC0")
    # No file has such a name, and looking for it would block.
    finders = (_posix_zone,) if RULE_MARKS.intersection(name) else (ZoneInfo, _posix_zone)
    for find in finders:
        try:
            return find(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    msg = (
        f"the session's time zone {name!r} is not in this machine's database of time zones: install the package tzdata, "
        "set the session to another zone, or pass ParityLayers(values=False) to read all timestamps in UTC"
    )
    raise TimeZoneUnknown(msg)


def _posix_zone(rule: str) -> ZoneInfo:
    # SET TIME ZONE 2 makes "<+02>-02". A time zone file may have such a rule as its last line: RFC 9636, section 3.3.
    # Python refuses the colon that PostgreSQL puts into the name of an odd offset; the name is of no use anyway.
    rule = re.sub("<[^>]*>", "ABC", rule)
    header = struct.pack(">4sc15x6l", b"TZif", b"2", 0, 0, 0, 0, 1, 4)
    block = header + struct.pack(">lBB4s", 0, 0, 0, b"UTC")
    return ZoneInfo.from_file(BytesIO(block + block + f"\n{rule}\n".encode()), key=rule)
