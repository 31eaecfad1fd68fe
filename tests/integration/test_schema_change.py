"""DDL under load: a transaction that has sent nothing yet goes on unnoticed, any other gets a clear error."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from anyio import to_thread
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from bridge import Database, PoolSettings, SchemaChanged
from bridge.database.schema_change import retry_after_ddl
from tests.integration.server_side import ServerSide, assert_nothing_leaked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Engine
    from sqlalchemy.ext.asyncio import AsyncSession

ALL = text("SELECT * FROM tags WHERE id = :id")
ADD, DROP = "ALTER TABLE tags ADD COLUMN added int", "ALTER TABLE tags DROP COLUMN added"
ONE = PoolSettings(size=1, overflow=0)


async def columns(session: AsyncSession, statement: Any = ALL) -> set[str]:
    return set((await session.execute(statement, {"id": 1})).keys())


async def test_the_first_statement_of_a_transaction_is_repeated_unnoticed(
    database_url: str, server: ServerSide
) -> None:
    database = Database(database_url, pool=ONE)
    async with database.async_unit_of_work() as session:
        assert "added" not in await columns(session)
    server.run(ADD)
    async with database.async_unit_of_work() as session:
        assert "added" in await columns(session)
        await session.execute(text("UPDATE tags SET added = 7 WHERE id = 1"))
    assert server.rows("SELECT added FROM tags WHERE id = 1") == [(7,)]
    await assert_nothing_leaked(database, server)
    await database.dispose()


async def test_the_repeated_transaction_keeps_its_isolation_level(database_url: str, server: ServerSide) -> None:
    database = Database(database_url, pool=ONE, isolation_level="REPEATABLE READ")
    shown = text("SELECT tags.*, current_setting('transaction_isolation') AS level FROM tags WHERE id = :id")
    for ddl in (ADD, DROP):
        async with database.async_unit_of_work() as session:
            assert (await session.execute(shown, {"id": 1})).one().level == "repeatable read"
        server.run(ddl)
    await database.dispose()


@pytest.mark.parametrize("many", [False, True], ids=["execute", "executemany"])
async def test_a_later_statement_is_an_error_that_says_to_run_the_unit_of_work_again(
    many: bool, database_url: str, server: ServerSide
) -> None:
    database = Database(database_url, pool=ONE)

    async def rename(name: str) -> set[str]:
        async with database.async_unit_of_work() as session:
            renaming: Any = (
                [{"name": name, "id": 1}, {"name": f"{name} 2", "id": 2}] if many else {"name": name, "id": 1}
            )
            await session.execute(text("UPDATE users SET username = :name WHERE id = :id"), renaming)
            return await columns(session)

    await rename("before")
    server.run(ADD)
    with pytest.raises(SchemaChanged, match="run the whole unit of work again") as raised:
        await rename("lost")
    assert isinstance(raised.value.__cause__, Exception)
    assert raised.value.status == 503
    assert server.users("before") == 1, "nothing of it was written"
    assert "added" in await rename("after")
    assert server.users("after") == 1
    await assert_nothing_leaked(database, server)
    await database.dispose()


async def test_a_statement_that_keeps_failing_is_not_repeated_for_ever(database_url: str, server: ServerSide) -> None:
    database = Database(database_url, pool=ONE)
    engine = database.async_engine.sync_engine
    attempts = 0
    execute = engine.dialect.do_execute

    def alter_again(cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        nonlocal attempts
        if "FROM tags" in statement:
            attempts += 1
            if attempts > 1:
                raise invalid
        execute(cursor, statement, parameters, context)

    invalid = engine.dialect.loaded_dbapi.InvalidCachedStatementError("cached statement plan is invalid")
    engine.dialect.do_execute = alter_again  # type: ignore[method-assign]  # DDL at exactly that moment cannot be arranged
    async with database.async_unit_of_work() as session:
        await columns(session)
    with pytest.raises(SchemaChanged):
        async with database.async_unit_of_work() as session:
            await columns(session)
    assert attempts == 3, "once, and twice"
    await database.dispose()


async def test_an_error_of_another_kind_is_passed_on(database_url: str) -> None:
    database = Database(database_url, pool=ONE)
    with pytest.raises(DBAPIError, match="division by zero"):
        async with database.async_unit_of_work() as session:
            await session.execute(text("SELECT 1/0"))
    await database.dispose()


async def test_reads_and_writes_go_on_while_a_table_is_altered_again_and_again(
    database_url: str, server: ServerSide
) -> None:
    database = Database(database_url, pool=PoolSettings(size=4, overflow=0))
    done = asyncio.Event()
    counts = {"reads": 0, "writes": 0, "run again": 0}
    unlucky = 0

    async def read() -> None:
        nonlocal unlucky
        while not done.is_set():
            try:
                async with database.async_unit_of_work() as session:
                    await columns(session)
                counts["reads"] += 1
            except SchemaChanged:  # altered once more between the two attempts
                unlucky += 1

    async def write() -> None:
        while not done.is_set():
            try:
                async with database.async_unit_of_work() as session:
                    await session.execute(text("UPDATE users SET version = version + 1 WHERE id = 1"))
                    await columns(session)
                counts["writes"] += 1
            except SchemaChanged:
                counts["run again"] += 1

    before = server.rows("SELECT version FROM users WHERE id = 1")[0][0]
    tasks = [asyncio.create_task(each()) for each in (read, read, read, write)]
    rounds = 0
    while rounds < 15 or not counts["run again"]:  # until DDL has hit a writer between its two statements as well
        rounds += 1
        for ddl in (ADD, DROP):
            seen = dict(counts)
            await to_thread.run_sync(server.run, ddl)
            while (
                counts["reads"] < seen["reads"] + 10
                or sum(counts.values()) - counts["reads"] <= seen["writes"] + seen["run again"]
            ):
                assert not any(task.done() for task in tasks), [task.exception() for task in tasks if task.done()]
                await asyncio.sleep(0)
    done.set()
    await asyncio.gather(*tasks)
    assert unlucky <= rounds // 5, "of six chances in each round"
    assert server.rows("SELECT version FROM users WHERE id = 1")[0][0] == before + counts["writes"]
    await assert_nothing_leaked(database, server)
    await database.dispose()


@pytest.fixture
def psycopg_engine(database_url: str) -> Iterator[Engine]:
    """psycopg prepares a statement when it is run for the sixth time."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'psycopg[binary]'")
    engine = create_engine(make_url(database_url).set(drivername="postgresql+psycopg"), pool_size=1, max_overflow=0)
    retry_after_ddl(engine)
    yield engine
    engine.dispose()


def test_psycopg_is_served_alike(psycopg_engine: Engine, server: ServerSide) -> None:
    for ddl in (ADD, DROP):
        for _ in range(8):
            with psycopg_engine.begin() as connection:
                connection.execute(ALL, {"id": 1})
        server.run(ddl)
        with psycopg_engine.begin() as connection:
            assert ("added" in set(connection.execute(ALL, {"id": 1}).keys())) is (ddl == ADD)
    for _ in range(8):
        with psycopg_engine.begin() as connection:
            connection.execute(text("SELECT 1"))
            connection.execute(ALL, {"id": 1})
    server.run(ADD)
    with psycopg_engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        with pytest.raises(SchemaChanged):
            connection.execute(ALL, {"id": 1})
        connection.rollback()
        connection.execute(text("SELECT 1"))
        assert "added" in set(connection.execute(ALL, {"id": 1}).keys())
