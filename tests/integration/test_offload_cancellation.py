"""Real PostgreSQL: what is stopped is stopped on the server, and nothing else is."""

from __future__ import annotations

import asyncio
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from sqlalchemy import event, text

from bridge import Capacity, Database, DeadlineExceeded, PoolSettings, from_thread, offload
from bridge.database.stopping import STOPS
from tests.integration.server_side import PATIENCE_S, ServerSide, until
from tests.unit.offload.calls import cancelled_by

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

ONE = PoolSettings(size=1, overflow=0)
MECHANISMS = pytest.mark.parametrize("mechanism", ["task", "timeout", "scope"])
SLEEP = text("SELECT pg_sleep(60)")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, pool=ONE)
    yield database
    await database.dispose()


def in_transaction(database: Database, *statements: Any) -> Any:
    """Run *statements* in one transaction; return the server process and the last result."""
    with database.unit_of_work() as session:
        pid, result = session.scalar(text("SELECT pg_backend_pid()")), None
        for statement in statements:
            result = session.scalar(statement)
        return pid, result


def sleeping(server: ServerSide) -> list[int]:
    return server.connections("state = 'active' AND query LIKE '%pg_sleep%'")


@MECHANISMS
async def test_a_cancelled_statement_stops_on_the_server_and_its_connection_goes_on(
    mechanism: str, database: Database, server: ServerSide
) -> None:
    capacity = Capacity(1)
    work = partial(in_transaction, database, text("UPDATE users SET username = 'x' WHERE id = 1 RETURNING 1"), SLEEP)
    task = await cancelled_by(mechanism, offload(work, capacity=capacity), lambda: until(partial(sleeping, server)))
    (pid,) = server.connections("true")
    with anyio.fail_after(5):
        assert await task == "cancelled"
    assert not sleeping(server)
    assert not server.connections("state <> 'idle'"), "rolled back, and no locks left"
    assert server.users("x") == 0
    assert capacity.statistics().running == 0
    assert await offload(in_transaction, database, text("SELECT 7"), capacity=capacity) == (
        pid,
        7,
    )  # the same connection


async def test_a_deadline_stops_the_statement_on_the_server(database: Database, server: ServerSide) -> None:
    capacity = Capacity(1)
    await offload(in_transaction, database, capacity=capacity)  # or connecting could outlast the deadline
    with anyio.fail_after(10), pytest.raises(DeadlineExceeded) as raised:
        await offload(in_transaction, database, SLEEP, capacity=capacity, deadline=1.0)
    assert "canceling statement due to user request" in str(raised.value.__cause__)
    assert not sleeping(server)
    assert (await offload(in_transaction, database, text("SELECT 7"), capacity=capacity))[1] == 7


async def test_a_statement_that_waits_for_a_lock_is_stopped(database: Database, server: ServerSide) -> None:
    with server.holding("users"):
        task = asyncio.create_task(
            offload(in_transaction, database, text("SELECT count(*) FROM users"), capacity=Capacity(1))
        )
        await until(server.waiting_for_locks)
        task.cancel()
        with anyio.fail_after(5), pytest.raises(asyncio.CancelledError):
            await task
        assert not server.waiting_for_locks()


async def test_the_next_tenant_of_the_connection_is_never_hit(database: Database) -> None:
    """Cancels at many different moments, each followed at once by somebody else's statement on the same connection."""
    capacity = Capacity(1)
    for turn in range(60):
        task = asyncio.create_task(offload(in_transaction, database, text("SELECT pg_sleep(0.004)"), capacity=capacity))
        tenant = asyncio.create_task(
            offload(in_transaction, database, text("SELECT pg_sleep(0.004)"), text("SELECT 7"), capacity=capacity)
        )
        await asyncio.sleep(turn * 0.00015)
        task.cancel()
        await asyncio.wait([task])
        assert (await tenant)[1] == 7


async def test_the_next_tenant_waits_for_a_cancel_under_way(
    database: Database, server: ServerSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cancel request that is slow on its way must not arrive when the connection belongs to somebody else."""
    capacity = Capacity(2)
    requested, send = threading.Event(), threading.Event()
    real = STOPS["psycopg2"]

    def slow(engine: Any, driver: Any) -> Callable[[], None]:
        stop = real(engine, driver)

        def wait_and_stop() -> None:
            requested.set()
            assert send.wait(10)
            stop()

        return wait_and_stop

    monkeypatch.setitem(STOPS, "psycopg2", slow)
    guarded = Database(database.url, pool=ONE)
    try:
        task = asyncio.create_task(offload(in_transaction, guarded, text("SELECT pg_sleep(0.3)"), capacity=capacity))
        await until(partial(sleeping, server))
        task.cancel()
        await until(requested.is_set)
        tenant = asyncio.create_task(
            offload(in_transaction, guarded, text("SELECT pg_sleep(0.2)"), text("SELECT 7"), capacity=capacity)
        )
        await until(lambda: not sleeping(server))  # the statement ended by itself, before its cancel was sent
        assert guarded.sync_engine.pool.checkedout() == 1, "the connection was given away too early"  # type: ignore[attr-defined]  # the pool is a QueuePool
        send.set()
        assert (await tenant)[1] == 7
        await asyncio.wait([task])
    finally:
        send.set()
        await guarded.dispose()


async def test_a_nested_call_is_stopped_with_the_outer_one(database_url: str, server: ServerSide) -> None:
    database = Database(database_url, pool=PoolSettings(size=2, overflow=0))
    capacity = Capacity(1)

    async def nested() -> None:
        await offload(in_transaction, database, SLEEP, capacity=capacity)

    def outer() -> None:
        with database.unit_of_work() as session:
            session.execute(text("UPDATE users SET username = 'outer' WHERE id = 1"))
            from_thread(nested)

    try:
        task = asyncio.create_task(offload(outer, capacity=capacity))
        await until(partial(sleeping, server))
        task.cancel()
        with anyio.fail_after(5), pytest.raises(asyncio.CancelledError):
            await task
        assert not server.connections("state <> 'idle'")
        assert server.users("outer") == 0
    finally:
        await database.dispose()


async def test_a_connection_the_server_closed_does_not_stop_the_stopper(
    database: Database, server: ServerSide, caplog: pytest.LogCaptureFixture
) -> None:
    capacity, ended, tried = Capacity(1), threading.Event(), threading.Event()

    def hold(_: object) -> None:
        ended.set()
        tried.wait(PATIENCE_S)

    # Before the bridge hears of the error, and takes the statement for over.
    event.listen(database.sync_engine, "handle_error", hold, insert=True)
    task = asyncio.create_task(offload(in_transaction, database, SLEEP, capacity=capacity))
    await until(partial(sleeping, server))
    server.terminate(sleeping(server))
    await until(ended.is_set)
    task.cancel()
    await until(lambda: "connection already closed" in caplog.text)
    tried.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await offload(in_transaction, database, text("SELECT 7"), capacity=capacity))[1] == 7
