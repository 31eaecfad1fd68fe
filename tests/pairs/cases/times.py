"""Dates, times, intervals, and the time zones of server, session and process."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Date, DateTime, Interval, cast, extract, func, insert, literal, select, text

from tests.pairs.case import POSTGRESQL, Case, functions
from tests.pairs.cases.forms import bound, casts, compares, contains, inserts, literals, reads, selects, updates
from tests.pairs.schema import constants, samples

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

__all__ = ["CASES"]

_NAIVE: Final = datetime(2024, 2, 29, 12, 30, 15, 123456)  # noqa: DTZ001 - that is the case
_AWARE: Final = datetime(2024, 2, 29, 12, 30, tzinfo=UTC)
_BERLIN: Final = datetime(2024, 7, 1, 12, tzinfo=ZoneInfo("Europe/Berlin"))
_FIXED: Final = datetime(2024, 7, 1, 12, tzinfo=timezone(timedelta(hours=-3)))
_DAY: Final = date(2024, 2, 29)
_STRINGS: Final = {
    "str date": "2024-02-29",
    "str with T": "2024-02-29T12:30:00",
    "str with Z": "2024-02-29T12:30:00Z",
    "str abc": "abc",
}


def instant_after_set_time_zone(session: Session) -> object:
    session.execute(text("SET LOCAL TIME ZONE 'Asia/Tokyo'"))
    session.execute(insert(samples).values(id=1, instant=_NAIVE))
    return session.scalar(select(samples.c.instant))


def instant_after_set_config(session: Session) -> object:
    session.execute(text("SELECT set_config('TimeZone', 'Asia/Tokyo', true)"))
    session.execute(insert(samples).values(id=1, instant=_NAIVE))
    return session.scalar(select(samples.c.instant))


def instant_after_rollback_of_set_time_zone(session: Session) -> object:
    session.execute(text("SET TIME ZONE 'Asia/Tokyo'"))
    session.rollback()
    return session.scalar(select(constants.c.instant))


def instant_in_other_date_style(session: Session) -> object:
    session.execute(text("SET LOCAL DateStyle = 'German, DMY'"))
    return session.scalar(select(constants.c.instant))


def day_in_other_date_style(session: Session) -> object:
    session.execute(text("SET LOCAL DateStyle = 'SQL, DMY'"))
    return session.scalars(select(constants.c.day).where(constants.c.day == date(2024, 2, 29))).all()


def span_in_other_interval_style(session: Session) -> object:
    session.execute(text("SET LOCAL IntervalStyle = 'iso_8601'"))
    return session.scalar(select(constants.c.span))


def offset_of_now(session: Session) -> object:
    now = session.scalar(select(func.now()))
    return str(now.utcoffset())  # type: ignore[union-attr]  # never None here


def day_of_instant(session: Session) -> object:
    return session.scalar(select(cast(constants.c.instant, Date)))


def hour_of_instant(session: Session) -> object:
    return session.scalar(select(extract("hour", constants.c.instant)))


def instant_minus_naive(session: Session) -> object:
    return session.scalar(select(constants.c.instant - literal(_NAIVE, DateTime(timezone=True))))


def day_plus_int(session: Session) -> object:
    return session.scalar(select(constants.c.day + 1))


def moment_plus_timedelta(session: Session) -> object:
    return session.scalar(select(constants.c.moment + timedelta(hours=1)))


def between_days(session: Session) -> object:
    column = constants.c.instant
    return session.scalars(select(constants.c.id).where(column.between(_NAIVE, _NAIVE + timedelta(days=1)))).all()


CASES: tuple[Case, ...] = (
    *inserts(
        "day",
        {"date": _DAY, "datetime": _NAIVE, "aware datetime": _BERLIN, "min": date.min, "max": date.max, **_STRINGS},
    ),
    *inserts(
        "moment",
        {"naive": _NAIVE, "aware": _AWARE, "aware Berlin": _BERLIN, "date": _DAY, "max": datetime.max, **_STRINGS},  # noqa: DTZ901 - that is the case
    ),
    *inserts(
        "instant",
        {
            "naive": _NAIVE,
            "naive in summer": datetime(2024, 7, 1, 12),  # noqa: DTZ001  naive on purpose
            "naive that does not exist": datetime(2024, 3, 10, 2, 30),  # noqa: DTZ001 - clocks of the session go forward
            "naive that is twice": datetime(2024, 11, 3, 1, 30),  # noqa: DTZ001  naive on purpose
            "aware": _AWARE,
            "aware Berlin": _BERLIN,
            "aware fixed": _FIXED,
            "date": _DAY,
            "year 1": datetime(1, 1, 2, tzinfo=UTC),
            "year 1900": datetime(1900, 1, 1, tzinfo=UTC),
            "year 9999": datetime(9999, 12, 30, tzinfo=UTC),
            "None": None,
            **_STRINGS,
        },
    ),
    *updates("instant", {"naive": _NAIVE, "aware": _AWARE}),
    *inserts(
        "clock",
        {
            "time": time(12, 30, 15, 5),
            "aware time": time(12, 30, tzinfo=UTC),
            "str": "12:30",
            "datetime": _NAIVE,
            "midnight": time(0),
        },
    ),
    *inserts(
        "zoned_clock",
        {"aware": time(12, 30, tzinfo=timezone(timedelta(hours=2))), "naive": time(12, 30), "str": "12:30+02"},
    ),
    *inserts(
        "span",
        {
            "timedelta": timedelta(days=40, seconds=3, microseconds=7),
            "negative": timedelta(days=-1, seconds=1),
            "zero": timedelta(0),
            "str": "1 day",
            "int": 5,
        },
    ),
    *inserts("instants", {"naive": [_NAIVE], "aware": [_AWARE, _BERLIN], "mixed with None": [_AWARE, None]}),
    *compares("day", {"date": _DAY, "datetime": datetime(2024, 2, 29), "str": "2024-02-29", "str abc": "abc"}),  # noqa: DTZ001  naive on purpose
    *compares("moment", {"naive": datetime(2024, 2, 29, 12, 30), "aware": _AWARE, "str": "2024-02-29 12:30"}),  # noqa: DTZ001  naive on purpose
    *compares(
        "instant",
        {
            "aware": _AWARE,
            "other zone": _AWARE.astimezone(ZoneInfo("Asia/Tokyo")),
            "naive of session": datetime(2024, 2, 29, 9),  # noqa: DTZ001 - 12:30 UTC in St. John's
            "naive of UTC": datetime(2024, 2, 29, 12, 30),  # noqa: DTZ001  naive on purpose
            "str": "2024-02-29T12:30:00Z",
            "date": _DAY,
        },
    ),
    *compares("clock", {"time": time(12, 30), "str": "12:30"}),
    *compares("span", {"timedelta": timedelta(days=1, seconds=2), "str": "1 day 2 seconds"}),
    *contains("day", {"dates": [_DAY], "strs": ["2024-02-29"]}),
    *contains("instant", {"aware": [_AWARE], "strs": ["2024-02-29T12:30:00Z"], "naive": [datetime(2024, 2, 29, 9)]}),  # noqa: DTZ001  naive on purpose
    *selects("day", "moment", "instant", "clock", "span", "instants", "zoned_clock"),
    *literals(
        {
            "naive datetime": _NAIVE,
            "aware datetime": _AWARE,
            "date": _DAY,
            "time": time(12, 30),
            "timedelta": timedelta(hours=1),
        }
    ),
    *casts(Date(), "date", {"str": "2024-02-29", "date": _DAY, "str abc": "abc"}),
    *casts(DateTime(timezone=True), "timestamptz", {"str": "2024-02-29 12:30", "naive": _NAIVE}),
    *casts(Interval(), "interval", {"str": "1 month", "timedelta": timedelta(days=1)}),
    *reads(
        {
            "timestamptz": "'2024-02-29 12:30+00'::timestamptz",
            "timestamptz in summer": "'2024-07-01 12:30+00'::timestamptz",
            "timestamptz before 1900": "'1850-07-01 12:30+00'::timestamptz",
            "timestamptz infinity": "'infinity'::timestamptz",
            "timestamptz BC": "'0044-03-15 00:00+00 BC'::timestamptz",
            "timestamp": "'2024-02-29 12:30'::timestamp",
            "timestamp infinity": "'-infinity'::timestamp",
            "date": "'2024-02-29'::date",
            "date infinity": "'infinity'::date",
            "date beyond": "'12024-02-29'::date",
            "time": "'24:00'::time",
            "timetz": "'12:30+01'::timetz",
            "interval month": "'1 month'::interval",
            "interval year and day": "'1 year 2 days 03:04:05.6'::interval",
            "array of timestamptz": "array['2024-02-29 12:30+00'::timestamptz]",
            "at time zone": "'2024-02-29 12:30+00'::timestamptz AT TIME ZONE 'UTC'",
            "date_trunc": "date_trunc('day', '2024-02-29 12:30+00'::timestamptz)",
            "epoch": "extract(epoch FROM '2024-02-29 12:30+00'::timestamptz)",
        }
    ),
    *bound(
        {
            "instant = naive": ("SELECT id FROM constants WHERE instant = :p", {"p": datetime(2024, 2, 29, 9)}),  # noqa: DTZ001  naive on purpose
            "instant = aware": ("SELECT id FROM constants WHERE instant = :p", {"p": _AWARE}),
            "instant = str": ("SELECT id FROM constants WHERE instant = :p", {"p": "2024-02-29 12:30Z"}),
            "moment < aware": ("SELECT id FROM constants WHERE moment < :p", {"p": _AWARE}),
            "day = str": ("SELECT id FROM constants WHERE day = :p", {"p": "2024-02-29"}),
            "day = datetime": ("SELECT id FROM constants WHERE day = :p", {"p": _NAIVE}),
            "day + interval": ("SELECT day + :p FROM constants", {"p": timedelta(days=1)}),
            "now - str": ("SELECT now() - :p < now()", {"p": "1 day"}),
            "now - timedelta": ("SELECT now() - :p < now()", {"p": timedelta(days=1)}),
            "make_interval": ("SELECT make_interval(days => :n)", {"n": 2}),
            "set instant naive": ("INSERT INTO samples (id, instant) VALUES (1, :p)", {"p": _NAIVE}),
        }
    ),
    *functions(
        "time",
        instant_after_set_time_zone,
        instant_after_set_config,
        instant_after_rollback_of_set_time_zone,
        instant_in_other_date_style,
        day_in_other_date_style,
        span_in_other_interval_style,
        offset_of_now,
        day_of_instant,
        hour_of_instant,
        instant_minus_naive,
        day_plus_int,
        moment_plus_timedelta,
        backends=POSTGRESQL,
    ),
    *functions("time", between_days),
)
