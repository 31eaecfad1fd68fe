"""Values come back the same, and are stored the same, on both engines."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, select, text
from sqlalchemy.dialects.postgresql import Range

from bridge import Database, ParityLayers
from tests.integration.database.both import ENGINES, on_connection
from tests.integration.database.tables import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable

NAIVE = datetime(2024, 7, 1, 12, 30)  # noqa: DTZ001 -- what a naive value becomes is the question
IN_BERLIN = datetime(2024, 7, 1, 12, 30, tzinfo=timezone(timedelta(hours=2)))


def stored(column: str, value: object, zone: str | None = None) -> Callable[[Connection], Any]:
    """Insert *value*, and return what is read back, as a value and as the server writes it."""

    def body(connection: Connection) -> Any:
        if zone:
            connection.execute(text(f"SET LOCAL TIME ZONE {zone}"))
        connection.execute(SAMPLES.insert(), {"id": 1, column: value})
        read = connection.execute(select(SAMPLES.c[column])).scalar_one()
        return read, connection.scalar(text(f"SELECT {column}::text FROM parity.samples"))  # noqa: S608  the column is the test's own

    return body


def asked(sql: str, zone: str | None = None, **parameters: object) -> Callable[[Connection], Any]:
    """Run *sql*, and return its rows."""

    def body(connection: Connection) -> Any:
        if zone:
            connection.execute(text(f"SET LOCAL TIME ZONE {zone}"))
        return [tuple(row) for row in connection.execute(text(sql), parameters)]

    return body


def at(hours: float) -> str:
    return f"tzinfo={timezone(timedelta(hours=hours))!r})"


CASES: dict[str, tuple[Callable[[Connection], Any], str]] = {
    # In whose time zone.
    "naive-in-server-zone": (stored("moment", NAIVE), "'2024-07-01 12:30:00-04'"),
    "naive-in-session-zone": (stored("moment", NAIVE, "'Asia/Kolkata'"), "'2024-07-01 12:30:00+05:30'"),
    "naive-in-posix-zone": (stored("moment", NAIVE, "2"), "'2024-07-01 12:30:00+02'"),
    "naive-twice-on-the-clock": (stored("moment", datetime(2024, 11, 3, 1, 30)), "'2024-11-03 01:30:00-05'"),  # noqa: DTZ001  naive on purpose
    "naive-never-on-the-clock": (stored("moment", datetime(2024, 3, 10, 2, 30)), "'2024-03-10 03:30:00-04'"),  # noqa: DTZ001  naive on purpose
    "aware-read-in-server-zone": (stored("moment", IN_BERLIN), f"6, 30, {at(-4)}"),
    "aware-read-in-session-zone": (stored("moment", IN_BERLIN, "'Asia/Kolkata'"), f"16, 0, {at(5.5)}"),
    "aware-read-in-posix-zone": (stored("moment", IN_BERLIN, "'PST8PDT,M3.2.0,M11.1.0'"), f"3, 30, {at(-7)}"),
    "date-as-moment": (stored("moment", date(2024, 7, 1)), "'2024-07-01 00:00:00-04'"),
    "microseconds": (stored("moment", IN_BERLIN.replace(microsecond=1)), "06:30:00.000001-04"),
    "long-ago": (asked("SELECT timestamptz '1800-01-01 00:00 UTC'"), "1799"),
    "zone-changes-that-day": (
        asked("SELECT timestamptz '2024-11-03 05:59 UTC', timestamptz '2024-11-03 06:01 UTC'"),
        at(-5),
    ),
    "latest": (
        asked("SELECT timestamptz 'infinity', timestamptz '-infinity'"),
        "datetime.datetime(9999, 12, 31, 23, 59",
    ),
    "before-our-era": (asked("SELECT timestamptz '0044-03-15 BC'"), "ValueError None None"),
    "moments-in-array": (asked("SELECT array[timestamptz '2024-07-01 00:00 UTC']"), at(-4)),
    "moments-in-range": (
        stored("stay", Range(IN_BERLIN, IN_BERLIN + timedelta(days=1))),
        f"Range(lower=datetime.datetime(2024, 7, 1, 6, 30, {at(-4)}",
    ),
    "aware-into-local": (stored("local", IN_BERLIN), "datetime.datetime(2024, 7, 1, 6, 30)"),
    "aware-into-local-of-session": (
        stored("local", IN_BERLIN, "'Asia/Kolkata'"),
        "datetime.datetime(2024, 7, 1, 16, 0)",
    ),
    # Numbers.
    "float-into-numeric": (stored("price", 1.005), "Decimal('1.01')"),
    "float-into-plain-numeric": (stored("exact", 1.1), "(Decimal('1.1'), '1.1')"),
    "small-float-into-numeric": (stored("exact", 1e-20), "Decimal('1E-20')"),
    "large-float-into-numeric": (stored("exact", 1.5e20), "(Decimal('150000000000000000000')"),
    "int-into-numeric": (stored("price", 20000), "Decimal('20000.00')"),
    "multiple-of-ten-thousand": (stored("exact", Decimal(20000)), "Decimal('20000')"),
    "exponent-into-numeric": (stored("exact", Decimal("2E+4")), "(Decimal('20000'), '20000')"),
    "trailing-zeros": (stored("exact", Decimal("1.100")), "Decimal('1.100')"),
    "negative-numeric": (stored("exact", Decimal("-0.00012345")), "Decimal('-0.00012345')"),
    "fifty-digits": (stored("exact", Decimal("12345678901234567890.123456789012345678901234567890")), "567890')"),
    "nan": (stored("exact", Decimal("NaN")), "Decimal('NaN')"),
    "infinity": (asked("SELECT numeric 'Infinity', numeric '-Infinity'"), "Decimal('-Infinity')"),
    "sum": (asked("SELECT sum(x), avg(x) FROM (VALUES (10000), (30000)) AS v (x)"), "Decimal('20000.000000000000')"),
    "numerics-in-array": (asked("SELECT array[1.50, 20000]"), "[Decimal('1.50'), Decimal('20000')]"),
    "numerics-in-range": (
        stored("prices", Range(Decimal("1.50"), Decimal(20000))),
        "Range(lower=Decimal('1.50'), upper=Decimal('20000')",
    ),
    "real": (stored("coarse", 1.1), "(1.1, '1.1')"),
    "real-of-sql": (asked("SELECT 16777217::real, 1e38::real, 1e-40::real, real 'NaN', 0.3::real"), "1e-40, nan, 0.3"),
    "float": (stored("ratio", 1.1), "(1.1, '1.1')"),
    "float-into-integer": (stored("whole", 5.7), "(6, '6')"),
    "float-into-small-integer": (stored("small", 2.5), "(3, '3')"),
    "decimal-into-integer": (stored("whole", Decimal("5.7")), "(6, '6')"),
    "bool-into-integer": (stored("whole", True), "ProgrammingError 42804"),  # noqa: FBT003  the value that is stored
    "int-into-boolean": (stored("flag", 1), "(True, 'true')"),
    "too-large-for-integer": (stored("whole", 2**40), "DataError 22003"),
    "too-large-for-small-integer": (stored("small", 2**15), "DataError 22003"),
    "too-large-for-big-integer": (stored("large", 2**70), "DataError 22003"),
    "too-large-for-numeric": (stored("price", 10**9), "DataError 22003"),
    # Addresses.
    "address": (stored("address", "192.168.0.1"), "('192.168.0.1'"),
    "address-in-network": (stored("address", "192.168.0.1/8"), "('192.168.0.1/8'"),
    "network": (stored("network", "10.0.0.0/8"), "('10.0.0.0/8'"),
    "no-address": (stored("address", "nowhere"), "DataError 22P02"),
    # Given as text.
    "text-into-integer": (stored("whole", "5"), "(5, '5')"),
    "other-text-into-integer": (stored("whole", "five"), "DataError 22P02"),
    "text-into-day": (stored("day", "2024-07-01"), "datetime.date(2024, 7, 1)"),
    "other-text-into-day": (stored("day", "someday"), "DataError 22007"),
    "text-into-local": (stored("local", "2024-07-01T12:30:00"), "datetime.datetime(2024, 7, 1, 12, 30)"),
    "text-into-moment": (stored("moment", "2024-07-01T12:30:00Z"), f"8, 30, {at(-4)}"),
    "naive-text-into-moment": (stored("moment", "2024-07-01 12:30"), f"12, 30, {at(-4)}"),
    "text-into-clock": (stored("clock", "12:30"), "datetime.time(12, 30)"),
    "text-into-numeric": (stored("price", "1.005"), "Decimal('1.01')"),
    "text-into-float": (stored("ratio", "1.5"), "(1.5, '1.5')"),
    "text-into-span": (stored("span", "1 day"), "datetime.timedelta(days=1)"),
    "int-into-text": (stored("name", 5), "('5', '5')"),
    "float-into-text": (stored("name", 1.50), "('1.5', '1.5')"),
    "day-into-text": (stored("name", date(2024, 7, 1)), "'2024-07-01'"),
    "moment-into-day": (stored("day", NAIVE), "datetime.date(2024, 7, 1)"),
    "day-into-local": (stored("local", date(2024, 7, 1)), "datetime.datetime(2024, 7, 1, 0, 0)"),
    "clock": (stored("clock", time(12, 30)), "datetime.time(12, 30)"),
    "int-into-day": (stored("day", 5), "ProgrammingError 42804"),
    "null": (stored("whole", None), "(None, None)"),
}


@pytest.mark.parametrize("case", CASES)
async def test_a_value_is_the_same_on_both_engines(case: str, database: Database) -> None:
    body, expected = CASES[case]
    sync, asynchronous = [await on_connection(database, engine, body) for engine in ENGINES]
    assert expected in sync, "the case is about something else"
    assert asynchronous == sync


@pytest.mark.parametrize("engine", ENGINES)
async def test_the_zone_of_a_session_is_followed_when_it_changes(engine: str, database: Database) -> None:
    def body(connection: Connection) -> list[object]:
        moment = text("SELECT timestamptz '2024-07-01 12:00 UTC'")
        seen = [connection.scalar(moment).utcoffset()]
        for zone in ("'Asia/Tokyo'", "'Europe/Berlin'", "-3", "DEFAULT"):
            connection.execute(text(f"SET TIME ZONE {zone}"))
            seen.append(connection.scalar(moment).utcoffset())
        connection.rollback()
        return [offset.total_seconds() / 3600 for offset in seen]

    assert await on_connection(database, engine, body) == "[-4.0, 9.0, 2.0, -3.0, -4.0]"


async def test_without_the_layer_values_are_asyncpgs(parity_url: str) -> None:
    database = Database(parity_url, parity=ParityLayers(values=False))
    body = asked("SELECT timestamptz '2024-07-01 12:00 UTC', 20000::numeric, 1.1::real")
    expected = [(datetime(2024, 7, 1, 12, tzinfo=UTC), Decimal("2E+4"), 1.100000023841858)]
    assert await on_connection(database, "async", body) == repr(expected)
    await database.dispose()


NUMBERS = [
    f"{sign}{digits}e{exponent}"
    for sign in ("", "-")
    for digits in (0, 1, 10, 9999, 10000, 123456789)
    for exponent in range(-12, 13)
]


async def test_numerics_of_all_lengths_are_read_as_their_text(database: Database) -> None:
    def body(connection: Connection) -> int:
        rows = connection.execute(
            text("SELECT n, n::text FROM unnest(CAST(:numbers AS numeric[])) AS n"), {"numbers": NUMBERS}
        ).all()
        assert [repr(read) for read, _ in rows] == [repr(Decimal(shown)) for _, shown in rows]
        return len(rows)

    assert await on_connection(database, "async", body) == str(len(NUMBERS))


async def test_numerics_of_all_lengths_are_written_as_their_text(database: Database) -> None:
    def body(connection: Connection) -> int:
        for number in NUMBERS:
            written = connection.scalar(text("SELECT CAST(:number AS numeric)::text"), {"number": Decimal(number)})
            assert written == f"{Decimal(number):f}".replace("-0", "0", not Decimal(number)), number
        return len(NUMBERS)

    assert await on_connection(database, "async", body) == str(len(NUMBERS))


async def test_reals_are_read_as_their_text(database: Database) -> None:
    """Of all exponents, and those around the largest and the smallest."""

    def body(connection: Connection) -> int:
        rows = connection.execute(
            text(
                "SELECT r, r::text FROM (SELECT (2.0 ^ e * m)::real AS r FROM generate_series(-149, 127) AS e, "
                "(VALUES (1.0), (1.1), (1.9999), (-1.3333333)) AS v (m)) AS reals"
            )
        ).all()
        assert [read for read, _ in rows] == [float(shown) for _, shown in rows]
        return len(rows)

    assert await on_connection(database, "async", body) == "1108"


@pytest.mark.parametrize(
    "zone", ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kathmandu"]
)
async def test_moments_of_all_years_are_read_as_their_text(zone: str, database: Database) -> None:
    """Every 11 days and 7 hours, from the times of local mean time into the next century."""
    ZoneInfo(zone)

    def body(connection: Connection) -> int:
        connection.execute(text(f"SET TIME ZONE '{zone}'"))
        rows = connection.execute(
            text("SELECT m, m::text FROM generate_series(timestamptz '1880-01-01', '2060-01-01', '271 hours') AS m")
        ).all()
        assert [str(read) for read, _ in rows] == [str(datetime.fromisoformat(shown)) for _, shown in rows]
        return len(rows)

    assert int(await on_connection(database, "async", body)) > 5000


async def test_a_first_zone_is_read_without_blocking_the_loop(parity_url: str) -> None:
    """The guard against blocking calls watches, and nobody has read this zone before."""
    database = Database(parity_url)
    ZoneInfo.clear_cache()
    assert await on_connection(database, "async", asked("SELECT timestamptz '2024-07-01 12:00 UTC'")) != ""
    await database.dispose()
