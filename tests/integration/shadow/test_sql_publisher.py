"""Checks are kept in the team's database, within bounds, and read back by what they have in common."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest
from anyio import to_thread
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from bridge import CompareOptions, Database, Ignore, LogPublisher, Publishing, Redaction, Retention, SQLPublisher
from bridge.shadow import Check, Severity, Verdict, compare, verdict_of
from tests.unit.shadow.exchanges import answer, exchange

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    Opened = Callable[..., Awaitable[SQLPublisher]]

NOW = datetime.now(UTC)
HTTP, ISO = "Mon, 01 Jan 2024 10:00:00 GMT", "2024-01-01T10:00:00Z"
OPTIONS = CompareOptions(ignore=(Ignore("json.key_order", reason="no client depends on it"),))


def check(
    control: str, candidate: str, *, operation: str = "GET /things", at: datetime = NOW, target: str = "/things"
) -> Check:
    ours = exchange(answer(control), started=at, target=target)
    theirs = exchange(answer(candidate), started=at, target=target)
    differences = compare(ours, theirs, options=OPTIONS)
    return Check(operation, ours, theirs, verdict_of(differences), differences)


def dates(at: datetime = NOW, target: str = "/things") -> Check:
    bodies = ('{"items": [' + ", ".join([f'{{"at": "{each}"}}'] * 2) + "]}" for each in (HTTP, ISO))
    return check(*bodies, at=at, target=target)


@pytest.fixture(params=["postgresql", "sqlite", "mariadb"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/checks.db"
    return str(request.getfixturevalue({"postgresql": "database_url", "mariadb": "mariadb_url"}[request.param]))


@pytest.fixture
def database(url: str) -> Database:
    return Database(url)


@pytest.fixture
async def opened(database: Database) -> AsyncIterator[Opened]:
    """Make publishers over one database, the tables of which are there and empty."""
    made: list[SQLPublisher] = []

    async def make(retention: Retention = Retention()) -> SQLPublisher:  # noqa: B008  a value
        made.append(await to_thread.run_sync(partial(SQLPublisher, database, retention=retention)))
        return made[-1]

    first = await make()
    await first.create_tables()
    try:
        yield make
    finally:
        async with database.async_engine.begin() as connection:
            await connection.run_sync(first.metadata.drop_all)
        for each in made:
            await each.close()
        await database.dispose()


async def kept(publisher: SQLPublisher) -> tuple[int, int]:
    """Return how many checks and differences there are."""
    async with publisher._open().connect() as connection:
        tables = (publisher._tables.checks, publisher._tables.differences)
        counts = [await connection.scalar(select(func.count()).select_from(table)) for table in tables]
    return counts[0] or 0, counts[1] or 0


async def test_differences_are_grouped_and_what_matters_most_comes_first(
    opened: Opened,
) -> None:
    publisher = await opened()
    later = NOW + timedelta(seconds=90)
    await publisher.publish([dates(), dates(later, "/things?page=2"), check('{"a": 1, "b": 2}', '{"b": 2, "a": 7}')])
    await publisher.publish([check('{"a": "x y"}', '{"a": "z w"}', operation="GET /other")])
    groups = await publisher.differences()
    assert [(each.operation, each.example.rule, each.where, each.count, each.checks) for each in groups] == [
        ("GET /other", "json.value", "$.a", 1, 1),
        ("GET /things", "json.value", "$.a", 1, 1),
        ("GET /things", "json.datetime.http_date", "$.items[*].at", 4, 2),
        ("GET /things", "json.key_order", "$", 1, 1),
    ]
    times = groups[2]
    assert (times.first_seen, times.last_seen) == (NOW, later)
    assert times.request == "GET /things?page=2"
    assert (times.example.where, times.example.control, times.example.candidate) == (
        "$.items[1].at",
        f'"{HTTP}"',
        f'"{ISO}"',
    )
    assert times.example.severity is Severity.WARNING
    assert groups[3].example.excused == "no client depends on it"


async def test_one_operation_can_be_asked_for_and_the_answer_is_bounded(opened: Opened) -> None:
    publisher = await opened()
    await publisher.publish([check(f'{{"k{n}": "x y"}}', f'{{"k{n}": "z w"}}') for n in range(5)])
    await publisher.publish([check('{"a": 1}', '{"a": 7}', operation="get /things")])
    assert len(await publisher.differences("GET /things")) == 5
    assert len(await publisher.differences("get /things")) == 1
    assert len(await publisher.differences(limit=2)) == 2
    assert await publisher.differences("GET /nothing") == []


async def test_the_newest_are_kept(opened: Opened) -> None:
    publisher = await opened(Retention(max_rows=3))
    for n in range(5):
        await publisher.publish([check('{"a": 1}', '{"a": 7}', operation=f"GET /{n}")] * 100)
    assert (await kept(publisher))[0] < 210
    await (await opened(Retention(max_rows=3))).publish([check('{"a": 1}', '{"a": 7}', operation="GET /last")])
    assert await kept(publisher) == (3, 3)
    assert {each.operation for each in await publisher.differences()} == {"GET /4", "GET /last"}


async def test_the_old_are_forgotten(opened: Opened) -> None:
    await (await opened()).publish([dates(NOW - timedelta(days=2)), dates(NOW)])
    publisher = await opened(Retention(max_age_s=24 * 3600))
    await publisher.publish([check('{"a": 1}', '{"a": 7}')])
    assert await kept(publisher) == (2, 3)
    assert {each.first_seen for each in await publisher.differences()} == {NOW}


async def test_several_publishers_write_at_once(opened: Opened) -> None:
    publishers = [await opened() for _ in range(4)]
    async with asyncio.timeout(30):
        await asyncio.gather(*(each.publish([dates()] * 20) for each in publishers))
    assert await kept(publishers[0]) == (80, 160)


async def test_a_check_without_an_answer_and_with_odd_text_is_kept(opened: Opened) -> None:
    publisher = await opened()
    control = exchange(answer('{"a\\u0000\\ud800": "\\u0000\\ud800\U0001f600"}'), target="/\0" + "x" * 5000)
    candidate = exchange(None, error="KeyError")
    crashed = Check("GET /x", control, candidate, Verdict.MISMATCHED, compare(control, candidate))
    other = exchange(answer('{"a\\u0000\\ud800": "y z"}'))
    differing = Check("GET /y", control, other, Verdict.MISMATCHED, compare(control, other))
    unclear = Check("GET /z", control, other, Verdict.NOT_COMPARABLE, reason="no snapshot")
    await publisher.publish([crashed, differing, unclear])
    assert {each.example.rule for each in await publisher.differences()} == {"candidate.crashed", "json.value"}
    assert (await kept(publisher))[0] == 3


async def test_without_tables_publishing_fails_and_is_counted(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    database = Database(database_url)
    publisher = SQLPublisher(database)
    publishing = Publishing([publisher])
    publishing.take(dates())
    await publishing.close(patience=10)
    assert publishing.statistics().failed == {"SQLPublisher": 1}
    with pytest.raises(SQLAlchemyError):
        await publisher.differences()
    await publisher.close()
    await database.dispose()


async def test_several_processes_create_the_tables_at_once(database_url: str) -> None:
    database = Database(database_url)
    publishers = [SQLPublisher(database) for _ in range(8)]
    await asyncio.gather(*(each.create_tables() for each in publishers))
    async with database.async_engine.connect() as connection:
        names = text("SELECT indexname FROM pg_indexes WHERE tablename LIKE 'bridge!_%' ESCAPE '!'")
        assert len((await connection.scalars(names)).all()) == 5
    for each in publishers:
        await each.close()
    await database.dispose()


async def test_publishing_takes_no_connection_of_the_pool(database_url: str) -> None:
    database = Database(database_url)
    publisher = SQLPublisher(database)
    await publisher.create_tables()
    await publisher.publish([dates()])
    assert database.async_engine.sync_engine.pool.checkedin() == 0  # type: ignore[attr-defined]  # the pool is a QueuePool
    await publisher.close()
    await database.dispose()


def published_to_log_and_table(url: str) -> tuple[Database, SQLPublisher, Publishing]:
    """Make what docs/how-to/read-differences.md shows."""
    database = Database(url)
    table = SQLPublisher(database, retention=Retention(max_rows=50_000, max_age_s=14 * 24 * 3600))
    publishing = Publishing([LogPublisher(), table], redaction=Redaction(fields=("iban", "date_of_birth")))
    return database, table, publishing


async def test_what_is_kept_is_redacted_and_can_be_read_as_the_guide_says(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    database, table, publishing = published_to_log_and_table(database_url)
    await table.create_tables()
    publishing.take(check('{"password": "hunter2-a", "date_of_birth": "x"}', '{"password": "hunter2-b"}'))
    await publishing.settled()
    groups = await table.differences()
    assert {(each.where, each.example.rule) for each in groups} == {
        ("$.password", "json.value"),
        ("$.date_of_birth", "json.missing_key"),
    }
    assert "hunter2" not in repr(groups) + caplog.text
    assert "<hidden" in caplog.text
    await publishing.close()
    await database.dispose()
