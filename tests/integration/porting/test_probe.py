"""What fails on asyncpg is named, what works is not, and nothing is executed."""

from __future__ import annotations

import gc
import io
import weakref
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import psycopg2
import pytest
from anyio import to_thread
from psycopg2 import sql
from psycopg2.extras import RealDictCursor, execute_values
from sqlalchemy import (
    Engine,
    bindparam,
    create_engine,
    delete,
    event,
    func,
    insert,
    literal,
    make_url,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import Session, selectinload
from sqlalchemy.pool import NullPool

from bridge.porting import Report, probed
from tests.integration.porting.models import Book, Event, Genre, Writer

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Executable

    from bridge.testing import TemplateDatabase

HERE = "tests/integration/porting/test_probe.py"

# Each is executed on psycopg2 under the probe, and on asyncpg itself: the probe has to foretell whether that fails.
STATEMENTS: dict[str, tuple[Executable, Any]] = {
    "select": (select(Writer), None),
    "select with a key": (select(Writer).where(Writer.id == 1), None),
    "select with options": (select(Writer).options(selectinload(Writer.books)), None),
    "key as a string": (select(Writer).where(Writer.id == "1"), None),
    "keys as strings": (select(Writer).where(Writer.id.in_(["1", "2"])), None),
    "keys in a list": (select(Writer).where(Writer.id.in_([1, 2])), None),
    "no keys in a list": (select(Writer).where(Writer.id.in_([])), None),
    "key out of range": (select(Writer).where(Writer.id == 2**40), None),
    "date as a string": (select(Writer).where(Writer.created_at > "2020-01-01"), None),
    "number for text in an update": (update(Writer).where(Writer.id == 1).values(name=5), None),
    "insert": (insert(Genre).values(name="new"), None),
    "insert of many": (insert(Genre), [{"name": "a"}, {"name": "b"}]),
    "insert of many with one bad": (insert(Genre), [{"name": "a"}, {"name": 5}]),
    "insert returning": (insert(Genre).values(name="new").returning(Genre.id), None),
    "insert from select": (insert(Genre).from_select(["name"], select(Writer.name)), None),
    "update": (update(Book).values(pages=Book.pages + 1), None),
    "update of many": (update(Book).where(Book.id == bindparam("key")).values(pages=5), None),
    "delete": (delete(Event).where(Event.name == "fair"), None),
    "for update": (select(Writer).with_for_update(), None),
    "aggregate": (select(func.count(), func.max(Book.pages)).group_by(Book.writer_id), None),
    "text": (text("SELECT id FROM writer WHERE name = :name"), {"name": "x"}),
    "text with a key": (text("SELECT id FROM writer WHERE id = :key"), {"key": 1}),
    "text with a key as a string": (text("SELECT id FROM writer WHERE id = :key"), {"key": "1"}),
    "untyped parameter": (text("SELECT :value"), {"value": 5}),
    "untyped null test": (text("SELECT 1 WHERE :value IS NULL"), {"value": None}),
    "in a tuple": (text("SELECT id FROM writer WHERE id IN :keys"), {"keys": (1, 2)}),
    "parameter in SET": (text("SET LOCAL statement_timeout = :limit"), {"limit": 5000}),
    "SET": (text("SET LOCAL statement_timeout = 5000"), None),
    "several statements": (text("SELECT 1; SELECT 2"), None),
    "several statements that write": (text("DELETE FROM event; DELETE FROM account"), None),
    "percent": (text("SELECT id FROM writer WHERE name LIKE 'w%'"), None),
    "colon": (text(r"SELECT '1 day'\:\:interval"), None),
    "cast of a parameter": (text("SELECT CAST(:value AS integer)"), {"value": "5"}),
    "interval parameter": (text("SELECT now() - CAST(:ago AS interval)"), {"ago": "1 day"}),
    "any of a list": (text("SELECT id FROM writer WHERE id = ANY(:keys)"), {"keys": [1, 2]}),
    "savepoint": (text("SAVEPOINT here"), None),
    "DDL": (text("CREATE TABLE other (id int)"), None),
    "literal": (select(literal(5)), None),
    "json": (text("SELECT CAST(:document AS jsonb)"), {"document": '{"a": 1}'}),
    "limit as a string": (text("SELECT id FROM writer LIMIT :most"), {"most": "1"}),
    "limit": (select(Writer.id).limit(1).offset(1), None),
    "like": (select(Writer).where(Writer.name.ilike("%w%")), None),
    "lock": (text("LOCK TABLE event IN SHARE MODE"), None),
    "truncate": (text("TRUNCATE event"), None),
}
GIVEN = {"update of many": [{"key": 1}, {"key": 2}]}


def under_probe(name: str, url: str) -> tuple[bool, Report]:
    statement, parameters = STATEMENTS[name]
    engine = create_engine(url, poolclass=NullPool)
    with probed() as report, engine.connect() as connection:
        try:
            connection.execute(statement, GIVEN.get(name, parameters))
        except DBAPIError:
            return False, report
    return True, report


async def fails_on_asyncpg(name: str, url: str) -> bool:
    statement, parameters = STATEMENTS[name]
    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"))
    try:
        async with engine.connect() as connection:
            await connection.execute(statement, GIVEN.get(name, parameters))
    except DBAPIError:
        return True
    finally:
        await engine.dispose()
    return False


@pytest.mark.parametrize("name", STATEMENTS)
async def test_the_probe_foretells_what_fails(name: str, writers: TemplateDatabase) -> None:
    with writers.clone() as url:
        fails = await fails_on_asyncpg(name, url)
        works_today, report = await to_thread.run_sync(under_probe, name, url)
    assert works_today, "a case is about what works on psycopg2"
    assert bool(report.failures()) is fails, report.text()
    assert len(report) == len(report.failures()), report.text()


def probing(engine: Engine, work: Callable[[Any], object]) -> Report:
    with probed() as report, engine.connect() as connection:
        work(connection)
    return report


def raw_cursor(connection: Any) -> None:
    cursor = connection.connection.cursor()
    cursor.execute("SELECT %s", ("secret",))
    assert cursor.fetchall() == [("secret",)]


def copy(connection: Any) -> None:
    connection.connection.cursor().copy_expert("COPY genre (name) FROM STDIN", io.StringIO("new\n"))


def copied_out(connection: Any) -> None:
    connection.connection.cursor().copy_to(io.StringIO(), "genre")


def many_values(connection: Any) -> None:
    execute_values(connection.connection.cursor(), "INSERT INTO genre (name) VALUES %s", [("secret",), ("b",)])


def cursor_of_a_class(connection: Any) -> None:
    cursor = connection.connection.cursor(cursor_factory=RealDictCursor)
    cursor.execute("SELECT %(value)s AS value", {"value": "secret"})
    assert cursor.fetchall() == [{"value": "secret"}]


def failing_cursor(connection: Any) -> None:
    with suppress(psycopg2.Error):
        connection.connection.cursor().execute("SELECT * FROM nowhere")


def hook_with_parameters(connection: Any) -> None:
    @event.listens_for(connection, "before_cursor_execute")
    def set_user(_connection: Any, cursor: Any, *_: object) -> None:
        cursor.execute("SELECT set_config('app.user', %s, false)", ("secret",))

    connection.execute(text("SELECT 1"))


def hook_without_parameters(connection: Any) -> None:
    @event.listens_for(connection, "before_cursor_execute")
    def set_path(_connection: Any, cursor: Any, *_: object) -> None:
        cursor.execute("SET search_path TO public")

    connection.execute(text("SELECT 1"))


def driver_sql(connection: Any) -> None:
    connection.exec_driver_sql("SELECT id FROM writer WHERE id = %s", (1,))


def driver_sql_without_parameters(connection: Any) -> None:
    connection.exec_driver_sql("SELECT id FROM writer")


def several(connection: Any) -> None:
    connection.execute(text("SELECT 1; SELECT 2"))


@pytest.mark.parametrize(
    ("work", "rule"),
    [
        (raw_cursor, "probe.raw_cursor"),
        (cursor_of_a_class, "probe.raw_cursor"),
        (failing_cursor, "probe.raw_cursor"),
        (hook_with_parameters, "probe.raw_cursor"),
        (hook_without_parameters, None),
        (copy, "probe.copy"),
        (copied_out, "probe.copy"),
        (many_values, "probe.execute_values"),
        (driver_sql, "probe.driver_sql"),
        (driver_sql_without_parameters, None),
        (several, "probe.several_statements"),
    ],
)
def test_what_only_psycopg2_has_is_named_with_its_line(
    engine: Engine, work: Callable[[Any], object], rule: str
) -> None:
    report = probing(engine, work)
    names = {work.__name__, "set_user"}
    assert list(report.rules) == ([rule] if rule else [])
    assert all(finding.site.file == HERE and finding.site.function in names for finding in report.counts)
    assert "secret" not in report.text()


def test_a_raw_connection_is_watched_and_given_back(engine: Engine) -> None:
    with probed() as report:
        raw = engine.raw_connection()
        raw.cursor().execute("SELECT 1")
        driver: Any = raw.driver_connection
        assert driver.cursor_factory is not None
        raw.close()
    assert report.rules == {"probe.raw_cursor": 1}
    assert driver.cursor_factory is None


def test_the_cursors_of_the_pool_are_its_own_again(engine: Engine) -> None:
    raw = engine.raw_connection()
    own = type(raw).cursor
    with probed():
        assert type(raw).cursor is not own
    assert type(raw).cursor is own
    raw.close()


def test_a_connection_that_was_in_use_before_is_watched(engine: Engine) -> None:
    """As that of a fixture which rolls back what a test does."""
    other = create_engine(engine.url, poolclass=NullPool)
    with engine.connect() as early, other.connect() as unwatched, probed(engine) as report:
        raw_cursor(early)
        raw_cursor(unwatched)
        driver: Any = early.connection.driver_connection
        assert driver.cursor_factory is not None
    assert report.rules == {"probe.raw_cursor": 1}
    assert driver.cursor_factory is None


def test_a_connection_that_is_lost_is_forgotten(engine: Engine) -> None:
    with probed(), engine.connect() as connection:
        lost = weakref.ref(connection.connection.driver_connection)
        connection.execute(text("SELECT 1"))
        connection.invalidate()
        gc.collect()
        assert lost() is None


def test_values_formatted_into_a_statement_are_not_shown(engine: Engine) -> None:
    def formatted(connection: Any) -> None:
        for key in ("4711", "-4712.5", "'4713'"):
            connection.connection.cursor().execute(f"SELECT id FROM writer WHERE id = {key} AND visits::int8 = 0")  # noqa: S608  f-string SQL is what is tested

    report = probing(engine, formatted)
    assert {finding.subject for finding in report.counts} == {
        "SELECT id FROM writer WHERE id = ? AND visits::int8 = ?",
        "SELECT id FROM writer WHERE id = -? AND visits::int8 = ?",
        "SELECT id FROM writer WHERE id = '...' AND visits::int8 = ?",
    }


def test_composed_sql_is_shown_as_sql(engine: Engine) -> None:
    composed = sql.SQL("SELECT {} FROM writer").format(sql.Identifier("id"))
    report = probing(engine, lambda connection: connection.connection.cursor().execute(composed))
    (finding,) = report.counts
    assert finding.subject == 'SELECT "id" FROM writer'


def temporary_table(connection: Any) -> None:
    connection.execute(text("CREATE TEMPORARY TABLE mine (id int)"))
    connection.execute(text("SELECT id FROM mine"))


def locked_table(connection: Any) -> None:
    connection.execute(text("LOCK TABLE event IN ACCESS EXCLUSIVE MODE"))
    connection.execute(select(Event))
    # The probe's own thread meets the lock while it is held.
    connection.execute(text("SELECT pg_sleep(0.6)"))


@pytest.mark.parametrize("work", [temporary_table, locked_table])
def test_what_depends_on_the_open_transaction_is_not_comparable(engine: Engine, work: Callable[[Any], object]) -> None:
    assert list(probing(engine, work).rules) == ["probe.not_comparable"]


def test_nothing_is_executed(engine: Engine) -> None:
    with probed(), engine.connect() as connection:
        connection.execute(insert(Genre).values(name="new"))
        connection.execute(text("SELECT nextval('genre_id_seq')"))
        connection.rollback()
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(Genre)) == 2
        assert connection.scalar(text("SELECT last_value FROM genre_id_seq")) == 4, "two rows, and the two above"


def test_a_failing_parameter_is_named_by_its_types_and_not_its_value(engine: Engine) -> None:
    statement = text("SELECT id FROM writer WHERE id = :key")
    report = probing(engine, lambda connection: connection.execute(statement, {"key": "4711"}))
    (finding,) = report.counts
    assert "$1 is str, and asyncpg cannot send it as int4" in finding.detail
    assert "4711" not in report.text()


def test_the_same_statement_is_checked_once_and_counted_each_time(engine: Engine) -> None:
    with probed() as report, engine.connect() as connection:
        for key in range(5):
            connection.execute(select(Writer.id).where(Writer.id == str(key)))
    assert report.rules == {"probe.statement": 5}


def test_a_value_for_text_is_judged_by_the_type_that_the_server_says(engine: Engine) -> None:
    naive = datetime(2024, 7, 1, 12)  # noqa: DTZ001 - the mistake
    statement = text("SELECT id FROM writer WHERE created_at < :at")
    report = probing(engine, lambda connection: connection.execute(statement, {"at": naive}))
    assert report.rules == {"value.naive_datetime_into_timestamptz": 1}


def test_a_number_with_a_fraction_is_told_from_one_without(engine: Engine) -> None:
    with probed() as report, engine.connect() as connection:
        for key in (Decimal(1), Decimal("1.5")):
            connection.execute(text("SELECT id FROM writer WHERE id = CAST(:key AS integer)"), {"key": key})
    assert report.rules == {"value.float_into_integer": 1}


def test_a_flush_is_probed_and_its_defaults_are_made_once(engine: Engine) -> None:
    with probed() as report, Session(engine) as session:
        session.add_all([Book(title="new"), Book(title="other", pages=2**40)])
        with pytest.raises(DBAPIError):
            session.flush()
        session.rollback()
        session.add(Book(title="new"))
        session.flush()
    assert len(report) == 0


def test_the_statements_of_psycopg_are_checked_against_asyncpg(engine: Engine) -> None:
    psycopg = create_engine(engine.url.set(drivername="postgresql+psycopg"), poolclass=NullPool)
    report = probing(psycopg, several)
    assert report.rules == {"probe.several_statements": 1}


def test_a_server_that_refuses_the_probe_is_not_comparable(engine: Engine) -> None:
    nowhere = make_url("postgresql+asyncpg://nobody@127.0.0.1:1/nothing")
    with probed(asynchronous=lambda _: create_async_engine(nowhere)) as report, engine.connect() as connection:
        connection.execute(select(Writer.id))
    assert report.rules == {"probe.not_comparable": 1}
