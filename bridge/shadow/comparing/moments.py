"""Recognise times in strings, and tell how two of them differ."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

__all__ = ["HTTP_DATE", "ISO_DATE", "Moment", "is_zone_shift", "moment_rule", "read_moment"]

MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
HTTP_DATE: Final = rf"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (?:{'|'.join(MONTHS)}) \d{{4}} \d\d:\d\d:\d\d GMT"
ISO_DATE: Final = r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d(?::?\d\d)?)?)?"
IS_HTTP: Final = re.compile(HTTP_DATE)
IS_ISO: Final = re.compile(ISO_DATE)
PARTS: Final = re.compile(r"(?P<date>.{10})(?P<blank>.)(?P<time>.{8})(?:\.(?P<fraction>\d+))?(?P<zone>.*)")
SECOND: Final = timedelta(seconds=1)
# Every zone in use differs from UTC by quarters of an hour, from -12 to +14 hours.
QUARTER: Final = timedelta(minutes=15)
FURTHEST: Final = timedelta(hours=26)


@dataclass(frozen=True, slots=True)
class Moment:
    """
    A time, and how it was written.

    Attributes:
        at: The time; taken for UTC where no zone is named.
        style: ``http``, ``iso`` or ``date``.
        zone: The zone as written; empty where none is named.
        fraction: Digits after the second.
        blank: What stands between date and time.
    """

    at: datetime
    style: str
    zone: str = ""
    fraction: str = ""
    blank: str = ""


def read_moment(text: str) -> Moment | None:
    """Return the time that *text* is, or None."""
    try:
        if IS_ISO.fullmatch(text):
            return _read_iso(text)
        if IS_HTTP.fullmatch(text):
            month = MONTHS.index(text[8:11]) + 1
            day, year, hour, minute, second = (
                int(text[a:b]) for a, b in ((5, 7), (12, 16), (17, 19), (20, 22), (23, 25))
            )
            return Moment(datetime(year, month, day, hour, minute, second, tzinfo=UTC), "http", "GMT")
    except ValueError:
        return None  # looks like a time, such as 2024-13-01T00:00:00, and is none
    return None


def moment_rule(control: Moment, candidate: Moment) -> str:
    """Return the rule for two times that are not written alike."""
    gap = abs(candidate.at - control.at)
    styles = {control.style, candidate.style}
    fractions = control.fraction.rstrip("0"), candidate.fraction.rstrip("0")
    alike = fractions[0].startswith(fractions[1]) or fractions[1].startswith(fractions[0])
    rules = (
        (is_zone_shift(gap), "json.datetime.zone"),
        (gap >= SECOND, "json.datetime.value"),
        ("http" in styles and len(styles) > 1, "json.datetime.http_date"),
        ("date" in styles, "json.datetime.date_only"),
        ((not control.zone) != (not candidate.zone), "json.datetime.zone"),
        (not alike, "json.datetime.value"),
        (control.fraction != candidate.fraction, "json.datetime.microseconds"),
        (control.zone != candidate.zone, "json.datetime.offset"),
    )
    return next((rule for holds, rule in rules if holds), "json.datetime.format")


def is_zone_shift(gap: timedelta) -> bool:
    """Return whether two times that lie *gap* apart may be one time in two zones; digits below a second do not count."""
    over = gap % QUARTER
    return QUARTER - SECOND < gap <= FURTHEST + SECOND and (over < SECOND or QUARTER - over < SECOND)


def _read_iso(text: str) -> Moment | None:
    parts = PARTS.fullmatch(text)
    if parts is None:
        return Moment(datetime.fromisoformat(text).replace(tzinfo=UTC), "date")
    fraction, zone = parts["fraction"] or "", parts["zone"]
    # Python takes three or six digits of a second, and no more.
    at = datetime.fromisoformat(f"{parts['date']}T{parts['time']}.{fraction:0<6.6}{zone}")
    return Moment(at if zone else at.replace(tzinfo=UTC), "iso", zone, fraction, parts["blank"])
