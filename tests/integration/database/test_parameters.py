"""A value whose type is not its column's means the same on both engines."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, bindparam, event, insert, literal_column, select, text, update

from bridge import Database, ParityLayers
from tests.integration.database.both import ENGINES, in_session, on_connection
from tests.integration.database.tables import SAMPLES, Sample

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Select, TextClause
    from sqlalchemy.orm import Session

ROWS: list[dict[str, Any]] = [
    {
        "id": 1,
        "whole": 5,
        "name": "one",
        "day": date(2024, 7, 1),
        "price": Decimal("1.50"),
        "moment": datetime(2024, 7, 1, tzinfo=UTC),
    },
    {"id": 2, "whole": None, "name": "two", "day": None, "price": None, "moment": None},
]


def found(*criteria: Any) -> Select[Any]:
    return select(Sample.id).where(*criteria).order_by(Sample.id)


def raw(sql: str, **values: object) -> TextClause:
    """Return *sql* with parameters that have no type, as those of `Connection.execute` have none."""
    return text(sql).bindparams(*(bindparam(name, value, type_=None) for name, value in values.items()))


# A statement, what it is executed with, and what psycopg2 makes of it.
STATEMENTS: dict[str, tuple[Any, dict[str, Any], str]] = {
    "text-for-key": (found(Sample.id == "1"), {}, "[(1,)]"),
    "texts-in": (found(Sample.id.in_(["1", "7"])), {}, "[(1,)]"),
    "too-large-for-key": (found(Sample.id == 2**40), {}, "[]"),
    "too-large-for-any-integer": (found(Sample.id == 2**80), {}, "[]"),
    "float-for-key": (found(Sample.id == 1.0), {}, "[(1,)]"),
    "fraction-for-key": (found(Sample.id == 1.5), {}, "[]"),
    "bool-for-key": (found(Sample.id == literal_column("1"), Sample.whole == True), {}, "ProgrammingError 42883"),  # noqa: E712  SQL, not Python
    "other-text-for-key": (found(Sample.id == "one"), {}, "DataError 22P02"),
    "too-large-a-text-for-key": (found(Sample.id == str(2**40)), {}, "DataError 22003"),
    "int-for-name": (found(Sample.name == 5), {}, "ProgrammingError 42883"),
    "text-for-day": (found(Sample.day >= "2024-06-30"), {}, "[(1,)]"),
    "moment-for-day": (found(Sample.day < datetime(2024, 7, 1, 12)), {}, "[(1,)]"),  # noqa: DTZ001  naive on purpose
    "text-for-moment": (found(Sample.moment <= "2024-07-01T00:00:00Z"), {}, "[(1,)]"),
    "text-for-price": (found(Sample.price == "1.5"), {}, "[(1,)]"),
    "limit": (found().limit(1).offset(1), {}, "[(2,)]"),
    "between-texts": (found(Sample.day.between("2024-06-30", "2024-07-02")), {}, "[(1,)]"),
    "no-texts-in": (found(Sample.id.in_([])), {}, "[]"),
    "texts-not-in": (found(Sample.id.not_in(["1", "7"])), {}, "[(2,)]"),
    "text-for-none": (found(Sample.whole.is_distinct_from("5")), {}, "[(2,)]"),
    "untyped-int": (text("SELECT :p"), {"p": 5}, "[(5,)]"),
    "untyped-large-int": (text("SELECT :p"), {"p": 2**80}, "[(Decimal('1208925819614629174706176'),)]"),
    "untyped-float": (text("SELECT :p"), {"p": 1.5}, "[(Decimal('1.5'),)]"),
    "untyped-nan": (text("SELECT :p"), {"p": float("nan")}, "[(nan,)]"),
    "untyped-bool": (text("SELECT :p"), {"p": True}, "[(True,)]"),
    "untyped-text": (text("SELECT :p"), {"p": "five"}, "[('five',)]"),
    "untyped-null": (text("SELECT :p"), {"p": None}, "[(None,)]"),
    "untyped-day": (text("SELECT :p"), {"p": date(2024, 7, 1)}, "[(datetime.date(2024, 7, 1),)]"),
    "untyped-moment": (text("SELECT :p"), {"p": datetime(2024, 7, 1, 12)}, "[(datetime.datetime(2024, 7, 1, 12, 0),)]"),  # noqa: DTZ001  naive on purpose
    "untyped-decimal": (text("SELECT :p"), {"p": Decimal("1.50")}, "[(Decimal('1.50'),)]"),
    "untyped-uuid": (text("SELECT :p"), {"p": UUID(int=1)}, "[(UUID('00000000-0000-0000-0000-000000000001'),)]"),
    "several-untyped": (text("SELECT :a, :b, :a"), {"a": 1, "b": "x"}, "[(1, 'x', 1)]"),
    "is-null": (text("SELECT :p IS NULL, :q IS NOT NULL"), {"p": None, "q": 5}, "[(True, True)]"),
    "null-or-equal": (text("SELECT id FROM parity.samples WHERE :p IS NULL OR id = :p ORDER BY 1"), {"p": None}, "[(1,), (2,)]"),
    "text-null-or-equal": (text("SELECT id FROM parity.samples WHERE :p IS NULL OR id = :p"), {"p": "2"}, "[(2,)]"),
    "raw-text-for-key": (text("SELECT id FROM parity.samples WHERE id = :p"), {"p": "1"}, "[(1,)]"),
    "raw-text-for-day": (text("SELECT id FROM parity.samples WHERE day >= :p"), {"p": "2024-06-30"}, "[(1,)]"),
    "raw-text-for-name": (text("SELECT id FROM parity.samples WHERE name LIKE :p"), {"p": "t%"}, "[(2,)]"),
    "raw-int-for-price": (text("SELECT id FROM parity.samples WHERE price > :p"), {"p": 1}, "[(1,)]"),
    "raw-cast": (text("SELECT CAST(:p AS int) + 1"), {"p": "4"}, "[(5,)]"),
    "raw-limit": (text("SELECT id FROM parity.samples ORDER BY id LIMIT :p"), {"p": 1}, "[(1,)]"),
    "raw-any": (text("SELECT id FROM parity.samples WHERE id = ANY(:p)"), {"p": [1, 3]}, "[(1,)]"),
    "raw-bad-text": (text("SELECT id FROM parity.samples WHERE id = :p"), {"p": "one"}, "DataError 22P02"),
    "raw-bad-column": (text("SELECT nothing FROM parity.samples WHERE id = :p"), {"p": "1"}, "ProgrammingError 42703"),
    "in-quotes": (text("SELECT '$1::INTEGER', \"$1\" FROM (VALUES (:p)) AS v (\"$1\") -- $1::INTEGER"), {"p": 2**40}, "[('$1::INTEGER', 1099511627776)]"),
}  # fmt: skip


@pytest.mark.parametrize("case", STATEMENTS)
async def test_a_statement_means_the_same_on_both_engines(case: str, database: Database) -> None:
    statement, values, expected = STATEMENTS[case]

    def body(connection: Connection) -> Any:
        connection.execute(insert(Sample), ROWS)
        return connection.execute(statement, values).all()

    sync, asynchronous = [await on_connection(database, engine, body) for engine in ENGINES]
    assert sync.startswith(expected), "the case is about something else"
    assert asynchronous == sync


SESSIONS: dict[str, tuple[Callable[[Session], Any], str]] = {
    "get-by-text": (lambda session: session.get(Sample, "1"), "one"),
    "get-too-large": (lambda session: session.get(Sample, 2**40), "None"),
}


@pytest.mark.parametrize("case", SESSIONS)
async def test_a_session_finds_the_same_on_both_engines(case: str, database: Database) -> None:
    find, expected = SESSIONS[case]

    def body(session: Session) -> Any:
        session.execute(insert(Sample), ROWS)
        sample = find(session)
        return sample and sample.name

    for engine in ENGINES:
        assert (await in_session(database, engine, body)).strip("'") == expected


BATCHES: dict[str, tuple[Any, list[dict[str, Any]], str]] = {
    "insert-of-texts": (insert(Sample), [{"id": str(n), "whole": "7", "day": "2024-07-01"} for n in (3, 4)], "[7, 7, 5, None]"),
    "insert-too-large": (insert(Sample), [{"id": 3, "whole": 1}, {"id": 4, "whole": 2**40}], "DataError 22003"),
    "insert-of-floats": (insert(Sample), [{"id": 3, "whole": 1}, {"id": 4, "whole": 5.7}], "[1, 6, 5, None]"),
    "raw-insert": (
        text("INSERT INTO parity.samples (id, whole) VALUES (:id, :whole)"),
        [{"id": 3, "whole": 5.7}, {"id": 4, "whole": 7}, {"id": 5, "whole": None}],
        "[6, 7, None, 5, None]",
    ),
    "raw-update-of-texts": (
        text("UPDATE parity.samples SET whole = :to WHERE id = :key"),
        [{"key": "1", "to": "8"}, {"key": "2", "to": None}],
        "[8, None]",
    ),
    "raw-update-where-null-or-equal": (
        text("UPDATE parity.samples SET whole = 1 WHERE :day is null OR day = :day"),
        [{"day": "2024-07-01"}, {"day": "2024-07-02"}],
        "[1, None]",
    ),
    "mixed-texts-and-numbers": (insert(Sample), [{"id": 3, "whole": 7}, {"id": "4", "whole": "8"}], "[7, 8, 5, None]"),
    "update-of-texts": (
        update(SAMPLES).where(Sample.id == bindparam("key")).values(whole=bindparam("to")),
        [{"key": "1", "to": "8"}, {"key": "2", "to": "9"}],
        "[8, 9]",
    ),
    "update-to-floats": (
        update(SAMPLES).where(Sample.id == bindparam("key")).values(whole=bindparam("to")),
        [{"key": 1, "to": 5.7}, {"key": 2**40, "to": 9}],
        "[6, None]",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BATCHES)
async def test_a_batch_means_the_same_on_both_engines(case: str, database: Database) -> None:
    statement, rows, expected = BATCHES[case]

    def body(connection: Connection) -> Any:
        connection.execute(insert(Sample), ROWS)
        connection.execute(statement, rows)
        return list(connection.scalars(select(Sample.whole).order_by(Sample.id.in_([1, 2]), Sample.id)))

    sync, asynchronous = [await on_connection(database, engine, body) for engine in ENGINES]
    assert sync.startswith(expected), "the case is about something else"
    assert asynchronous == sync


async def test_a_statement_whose_values_suit_is_left_as_it_is(database: Database) -> None:
    sent = []

    def body(connection: Connection) -> Any:
        event.listen(connection, "before_cursor_execute", lambda _c, _cursor, sql, *_: sent.append(sql))
        connection.execute(found(Sample.id == 1))
        connection.execute(found(Sample.id == "1"))

    assert await on_connection(database, "async", body) == "None"
    plain, suited = sent
    assert "id = $1::INTEGER" in plain
    assert suited == plain.replace("$1::INTEGER", "$1::VARCHAR::INTEGER")


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
@pytest.mark.parametrize("engine", ENGINES)
async def test_a_transaction_with_an_isolation_level_may_begin_with_any_value(
    engine: str, level: str, parity_url: str
) -> None:
    database = Database(parity_url, isolation_level=level)
    statement, values, expected = STATEMENTS["untyped-text"]
    body = lambda connection: connection.execute(statement, values).all()  # noqa: E731  short, and used once
    assert await on_connection(database, engine, body) == expected
    await database.dispose()


async def test_without_the_layer_asyncpg_refuses(parity_url: str) -> None:
    database = Database(parity_url, parity=ParityLayers(parameters=False))
    body = lambda connection: connection.execute(found(Sample.id == "1")).all()  # noqa: E731  short, and used once
    assert await on_connection(database, "async", body) == "ProgrammingError 42883 None"
    get = lambda session: session.get(Sample, "1")  # noqa: E731  short, and used once
    assert await in_session(database, "async", get) == "DataError 22000 None"
    await database.dispose()
