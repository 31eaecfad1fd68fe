"""The rules about values say what the drivers do; each is tried on both."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import pytest
from anyio import to_thread
from sqlalchemy import (
    Column,
    DateTime,
    Engine,
    Integer,
    MetaData,
    PickleType,
    String,
    Table,
    TypeDecorator,
    create_engine,
    insert,
    make_url,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from bridge.porting import values_checked
from tests.integration.porting.models import Book
from tests.integration.porting.value_cases import VALUES, ValueCase

if TYPE_CHECKING:
    from collections.abc import Iterator

FAILED = "failed"


@pytest.fixture
def zones() -> Iterator[None]:
    """Have the process in a zone of its own; the sessions have another."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "America/Caracas"
    time.tzset()
    yield
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


def table_of(case: ValueCase) -> Table:
    return Table("tried", MetaData(), Column("value", case.column))


def on_psycopg2(case: ValueCase, url: str) -> tuple[Any, list[str]]:
    engine = create_engine(url, poolclass=NullPool)
    tried = table_of(case)
    with engine.begin() as connection:
        connection.execute(text("SET timezone = 'Asia/Tokyo'"))
        tried.create(connection)
        with values_checked() as report:
            try:
                connection.execute(insert(tried).values(value=case.value))
                read = connection.scalar(select(tried.c.value))
            except DBAPIError:
                read = FAILED
        connection.rollback()
    return read, [name for name in report.rules if name != "value.timestamptz_read" or name == case.rule]


async def on_asyncpg(case: ValueCase, url: str) -> Any:
    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"))
    tried = table_of(case)
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SET timezone = 'Asia/Tokyo'"))
            await connection.run_sync(tried.create)
            await connection.execute(insert(tried).values(value=case.value))
            return await connection.scalar(select(tried.c.value))
    except DBAPIError:
        return FAILED
    finally:
        await engine.dispose()


@pytest.mark.parametrize("case", VALUES, ids=lambda case: case.id)
async def test_a_rule_says_what_the_drivers_do(case: ValueCase, writers_url: str, zones: None) -> None:
    read, found = await to_thread.run_sync(on_psycopg2, case, writers_url)
    there = await on_asyncpg(case, writers_url)
    outcomes = {
        (False, True): "fails",
        (True, False): "only psycopg2 fails",
        (True, True): "both fail",
        (False, False): "same" if isinstance(there, type(read)) and read == there else "differs",
    }
    assert outcomes[read == FAILED, there == FAILED] == case.outcome, f"psycopg2 {read!r}, asyncpg {there!r}"
    assert found == ([case.rule] if case.rule else [])


class Trimmed(TypeDecorator[Any]):
    impl = String
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> str:
        return str(value)


class Shouted(TypeDecorator[Any]):
    """Converts what is read, and nothing that is sent."""

    impl = Trimmed
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return value and value.upper()


TRIED = Table(
    "tried", MetaData(), Column("id", Integer), Column("at", DateTime(timezone=True)), Column("code", Trimmed)
)


def test_a_finding_names_line_column_and_types_and_never_the_value(engine: Engine) -> None:
    with values_checked() as report, engine.connect() as connection:
        TRIED.create(connection)
        connection.execute(insert(TRIED), [{"id": "4711"}, {"id": "4712"}])
        connection.execute(update(TRIED).where(TRIED.c.id == 2**40).values(id="4713"))
    subjects = {finding.subject for finding in report.counts}
    assert subjects == {"tried.id", "id"}, "the column where the statement tells it, else the name of the parameter"
    assert report.rules == {"value.integer_out_of_range": 1, "value.string_into_integer": 3}
    finding = next(iter(report.counts))
    assert finding.site.file == "tests/integration/porting/test_values.py"
    assert finding.detail.startswith("str into int4: ")
    assert "471" not in report.text() + report.to_json()
    assert finding.handled


def test_a_list_is_judged_by_its_members(engine: Engine) -> None:
    with values_checked() as report, Session(engine) as session:
        session.scalars(select(Book).where(Book.id.in_([1, 2**40]))).all()
    assert report.rules == {"value.integer_out_of_range": 1}


def test_a_type_that_converts_is_judged_by_what_it_makes(engine: Engine) -> None:
    with values_checked() as report, engine.connect() as connection:
        TRIED.create(connection)
        connection.execute(insert(TRIED).values(code=5))
    assert len(report) == 0


def test_a_type_that_converts_only_what_is_read_is_judged_by_what_is_under_it(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    tried = Table("tried", MetaData(), Column("code", Shouted), Column("kept", PickleType), Column("id", Integer))
    with values_checked() as report, engine.connect() as connection:
        tried.create(connection)
        connection.execute(insert(tried).values(code=5, kept={"a": 1}, id=5))
        connection.execute(insert(tried).values(code="x", kept=1, id="5"))
    assert report.rules == {"value.string_into_integer": 1}
    assert not caplog.records


def test_the_rows_of_one_insert_make_one_finding(engine: Engine) -> None:
    with values_checked() as report, engine.connect() as connection:
        TRIED.create(connection)
        connection.execute(insert(TRIED).values([{"id": str(number)} for number in range(3)]))
    ((finding, count),) = report.counts.items()
    assert (finding.subject, count) == ("tried.id", 3)
