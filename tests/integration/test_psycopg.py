"""psycopg 3 on both sides."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from anyio import to_thread
from sqlalchemy import make_url, text
from sqlalchemy.exc import IntegrityError

from bridge import Capacity, Database, DatabaseUnreachable, DeadlineExceeded, PoolSettings, offload
from tests.integration.server_side import ServerSide, assert_nothing_leaked, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

INSERT = text("INSERT INTO tags (name) VALUES (:name)")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    url = make_url(database_url).set(drivername="postgresql+psycopg")
    database = Database(url, pool=PoolSettings(size=1, overflow=0))
    yield database
    await database.dispose()


async def test_both_units_of_work_commit_and_roll_back(database: Database, server: ServerSide) -> None:
    def on_thread(*names: str) -> None:
        with database.unit_of_work() as session:
            for name in names:
                session.execute(INSERT, {"name": name})

    async def on_loop(*names: str) -> None:
        async with database.async_unit_of_work() as session:
            for name in names:
                await session.execute(INSERT, {"name": name})

    await to_thread.run_sync(database.check)
    await to_thread.run_sync(on_thread, "kept 1")
    await on_loop("kept 2")
    with pytest.raises(IntegrityError):
        await to_thread.run_sync(on_thread, "lost 1", "kept 1")
    with pytest.raises(IntegrityError):
        await on_loop("lost 2", "kept 1")
    names = [row.name for row in server.rows("SELECT name FROM tags WHERE name ~ 'kept|lost' ORDER BY 1")]
    assert names == ["kept 1", "kept 2"]
    await assert_nothing_leaked(database, server)


@pytest.mark.parametrize("end", ["cancel", "deadline"])
async def test_a_statement_stops_on_the_server_and_its_connection_goes_on(
    end: str, database: Database, server: ServerSide
) -> None:
    capacity = Capacity(1)

    def work(statement: str) -> Any:
        with database.unit_of_work() as session:
            return session.scalar(text("SELECT pg_backend_pid()")), session.scalar(text(statement))

    sleeping = partial(server.connections, "state = 'active' AND query LIKE '%pg_sleep%'")
    call = offload(work, "SELECT pg_sleep(15)", capacity=capacity, deadline=1 if end == "deadline" else None)
    task = asyncio.create_task(call)
    await until(sleeping)
    (pid,) = sleeping()
    if end == "cancel":
        task.cancel()
    with anyio.fail_after(10):
        await asyncio.wait([task])
    assert task.cancelled() if end == "cancel" else isinstance(task.exception(), DeadlineExceeded)
    assert not sleeping()
    assert await offload(work, "SELECT 7", capacity=capacity) == (pid, 7)


async def test_a_cancelled_coroutine_leaves_nothing_running(database: Database, server: ServerSide) -> None:
    async def work() -> None:
        async with database.async_unit_of_work() as session:
            await session.execute(text("SELECT pg_sleep(15)"))

    sleeping = partial(server.connections, "state = 'active' AND query LIKE '%pg_sleep%'")
    task = asyncio.create_task(work())
    await until(sleeping)
    task.cancel()
    with anyio.fail_after(10):
        await asyncio.wait([task])
    assert task.cancelled()
    await until(lambda: not sleeping())
    await assert_nothing_leaked(database, server)


def test_an_unreachable_server_is_named_without_its_password() -> None:
    with pytest.raises(DatabaseUnreachable) as raised:
        Database("postgresql+psycopg://someone:s3cret-w0rd@127.0.0.1:1/name").check()
    assert "cannot connect to postgresql+psycopg://someone:***@127.0.0.1:1/name" in str(raised.value)
    assert "s3cret" not in str(raised.value)
