"""Time zones as PostgreSQL names them."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bridge.database.parity.zones import EPOCH, MICROSECOND, Zones
from bridge.errors import TimeZoneUnknown


def moment_us(year: int, *rest: int) -> int:
    return (datetime(year, *rest, tzinfo=UTC) - EPOCH) // MICROSECOND  # type: ignore[arg-type, misc]  # parts of a date


@pytest.mark.parametrize(
    ("name", "hours"),
    [
        ("UTC", 0), ("Europe/Berlin", 2), ("<+02>-02", 2), ("<-03:30>+03:30", -3.5), ("PST8PDT,M3.2.0,M11.1.0", -7), ("EST5EDT", -4)
    ],
)  # fmt: skip
def test_a_zone_is_known_by_its_name_or_its_rule(name: str, hours: float) -> None:
    assert Zones()[name].to_datetime(moment_us(2024, 7, 1)).utcoffset() == timedelta(hours=hours)


def test_a_zone_that_nobody_knows_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(
        TimeZoneUnknown,
        match="'Mars/Olympus' is not in this machine's database of time zones: install the package tzdata",
    ):
        Zones()["Mars/Olympus"]


def test_utc_needs_no_database_of_zones(monkeypatch: pytest.MonkeyPatch) -> None:
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath(to=[])
    ZoneInfo.clear_cache()
    try:
        for name in ("UTC", "Etc/UTC", "GMT"):
            assert Zones()[name].to_datetime(0) == EPOCH
    finally:
        zoneinfo.reset_tzpath(to=before)


def test_a_moment_has_a_fixed_offset_so_that_it_equals_itself_in_another_zone() -> None:
    """With a ZoneInfo, it would not in the hour that the zone repeats: PEP 495."""
    twice = moment_us(2024, 10, 27, 0, 30)
    assert Zones()["Europe/Berlin"].to_datetime(twice) == Zones()["UTC"].to_datetime(twice)


def test_a_day_on_which_clocks_change_has_two_offsets() -> None:
    zone = Zones()["Europe/Berlin"]
    before, after = (zone.to_datetime(moment_us(2024, 3, 31, hour)) for hour in (0, 1))
    assert (str(before), str(after)) == ("2024-03-31 01:00:00+01:00", "2024-03-31 03:00:00+02:00")


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ("2024-10-27 02:30", "01:30"),
        ("2024-03-31 02:30", "01:30"),
        ("2024-07-01 02:30", "00:30"),
        ("2024-01-01 02:30", "01:30"),
    ],
    ids=["shown-twice", "never-shown", "summer", "winter"],
)
def test_a_naive_time_is_the_moment_that_postgresql_chooses(shown: str, expected: str) -> None:
    moment = Zones()["Europe/Berlin"].from_naive(datetime.fromisoformat(shown))
    assert f"{EPOCH + moment * MICROSECOND:%H:%M}" == expected


def test_years_that_python_lacks_are_errors() -> None:
    zone = Zones()["Europe/Berlin"]
    for day in (-800_000, 3_000_000):
        with pytest.raises(ValueError, match="out of range"):
            zone.to_datetime(day * 86_400_000_000)


def test_the_first_and_the_last_day_can_be_read() -> None:
    zone = Zones()["Europe/Berlin"]
    assert zone.to_datetime(moment_us(9999, 12, 31, 12)).hour == 13
    assert zone.to_datetime(moment_us(1, 1, 1, 12)).year == 1


def test_no_zone_changes_its_offset_and_back_within_a_day() -> None:
    """What the offsets of a day are reckoned from: both of its ends."""
    day = timedelta(days=1)
    for name in sorted(zoneinfo.available_timezones()):
        zone, start = ZoneInfo(name), datetime(2024, 1, 1, tzinfo=UTC)
        for number in range(366):
            first, last = (start + (number + end) * day - end * MICROSECOND for end in (0, 1))
            noon = start + number * day + day / 2
            if first.astimezone(zone).utcoffset() == last.astimezone(zone).utcoffset():
                assert noon.astimezone(zone).utcoffset() == first.astimezone(zone).utcoffset(), name


def test_the_days_that_are_remembered_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.database.parity.zones.MOST_DAYS", 10)
    zone = Zones()["UTC"]
    for day in range(25):
        assert zone.to_datetime(day * 86_400_000_000) == EPOCH + timedelta(days=day)
    assert len(zone._days) <= 10
