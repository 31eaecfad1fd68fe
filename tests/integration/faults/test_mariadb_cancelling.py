"""After a cancellation MariaDB runs nothing for us and holds no lock, whatever cancelled the statement on the event loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import anyio
import pytest
from anyio import to_thread
from sqlalchemy import text

from bridge import Database, PoolSettings, StopSettings
from tests.integration.faults.network import Network, network
from tests.integration.server_side import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from sqlalchemy import Engine, TextClause

SLEEPING = text("SELECT count(*) FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP(60)%'")
ROW = text("SELECT n FROM counted FOR UPDATE NOWAIT")
UPDATE, SLEEP = text("UPDATE counted SET n = n + 1"), text("SELECT SLEEP(60)")
CUT_AFTER_S = 0.5


@pytest.fixture
def wire(mariadb_url: str) -> Iterator[Network]:
    """The network between the application and MariaDB."""
    with network(mariadb_url) as wire:
        yield wire


@pytest.fixture
async def database(wire: Network) -> AsyncIterator[Database]:
    """One connection to a table of one row, over *wire*."""
    pool, stopping = PoolSettings(size=1, overflow=0), StopSettings(cut_after=CUT_AFTER_S, connect_timeout=2)
    database = Database(wire.url, pool=pool, stopping=stopping)
    async with database.async_unit_of_work() as session:
        await session.execute(text("CREATE OR REPLACE TABLE counted (n INTEGER NOT NULL)"))
        await session.execute(text("INSERT INTO counted VALUES (0)"))
    yield database
    await database.dispose()


@pytest.fixture
def onlooker(mariadb_url: str) -> Iterator[Engine]:
    """An engine that sees what the server does."""
    engine = Database(mariadb_url).sync_engine
    yield engine
    engine.dispose()


async def asked(onlooker: Engine, statement: TextClause) -> int:
    """Return the one number that *statement* finds."""

    def on_thread() -> int:
        with onlooker.connect() as connection:
            return int(connection.execute(statement).scalar_one())

    return await to_thread.run_sync(on_thread)


async def asleep(onlooker: Engine) -> None:
    with anyio.fail_after(10):
        while not await asked(onlooker, SLEEPING):
            pass


async def update_and_sleep(database: Database, *, plain: bool) -> None:
    if plain:  # what a route without this library's routers does
        async with database.async_sessions() as session:
            await session.execute(UPDATE)
            await session.execute(SLEEP)
    async with database.async_unit_of_work() as session:
        await session.execute(UPDATE)
        await session.execute(SLEEP)


@pytest.mark.parametrize("plain", [False, True], ids=["unit of work", "session"])
@pytest.mark.parametrize("mechanism", ["task", "scope"])
async def test_nothing_runs_and_no_lock_is_held(
    mechanism: str, plain: bool, database: Database, onlooker: Engine
) -> None:
    scope = anyio.CancelScope()

    async def run() -> None:
        with scope:
            await update_and_sleep(database, plain=plain)

    task = asyncio.create_task(run())
    await asleep(onlooker)
    (scope if mechanism == "scope" else task).cancel()
    with anyio.fail_after(5):
        await asyncio.wait([task])
    # Looked at once: what is over now was over before the caller could go on.
    assert await asked(onlooker, SLEEPING) == 0
    assert await asked(onlooker, ROW) == 0
    with anyio.fail_after(5):
        async with database.async_unit_of_work() as session:  # the only connection the pool may have
            assert await session.scalar(ROW) == 0


async def test_a_caller_gets_away_from_a_server_that_cannot_be_reached(
    database: Database, wire: Network, onlooker: Engine
) -> None:
    task = asyncio.create_task(update_and_sleep(database, plain=False))
    await asleep(onlooker)
    wire.stall()
    began = asyncio.get_running_loop().time()
    task.cancel()
    with anyio.fail_after(10 * CUT_AFTER_S):
        await asyncio.wait([task])
    assert task.cancelled()
    assert asyncio.get_running_loop().time() - began < 4 * CUT_AFTER_S
    wire.flow()
    async with database.async_unit_of_work() as session:
        assert await session.scalar(text("SELECT 7")) == 7
        thread = await session.scalar(
            text("SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP(60)%'")
        )
        if thread is not None:  # nobody could tell the server
            await session.execute(text(f"KILL {thread}"))
    await until(lambda: not database.async_engine.sync_engine.pool.checkedout())  # type: ignore[attr-defined]  # the pool is a QueuePool
