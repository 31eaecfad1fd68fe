"""After a cancellation the server runs nothing for us and holds no lock, whatever cancelled whatever was under way."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from sqlalchemy import event, text

from bridge import Database, PoolSettings
from bridge.routing.disconnect import unless_disconnected
from tests.integration.faults.sides import PAIRS, side_of
from tests.integration.server_side import ServerSide, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from bridge.types import Message
    from tests.integration.faults.network import Network

    Work = Callable[[Database, asyncio.Event], Awaitable[None]]

UPDATE = text("UPDATE users SET username = 'cancelled' WHERE id = 1")
SLEEP = text("SELECT pg_sleep(60)")
MECHANISMS = ("task", "timeout", "scope", "disconnect")


@pytest.fixture(params=PAIRS)
async def database(request: pytest.FixtureRequest, wire: Network) -> AsyncIterator[Database]:
    """Over TCP: there a request to cancel is on its way for longer, and easier to interrupt."""
    async with side_of("async", request.param, wire.url) as side:
        yield side.database


async def unit_of_work(database: Database, ready: asyncio.Event) -> None:
    async with database.async_unit_of_work() as session:
        await session.execute(UPDATE)
        ready.set()
        await session.execute(SLEEP)


async def plain_session(database: Database, ready: asyncio.Event) -> None:
    """What a FastAPI route without this library's routers does."""
    async with database.async_sessions() as session:
        await session.execute(UPDATE)
        ready.set()
        await session.execute(SLEEP)


async def plain_connection(database: Database, ready: asyncio.Event) -> None:
    async with database.async_engine.begin() as connection:
        await connection.execute(UPDATE)
        ready.set()
        await connection.execute(SLEEP)


async def legacy_code_on_the_loop(database: Database, ready: asyncio.Event) -> None:
    def legacy(session: Any) -> None:
        session.execute(UPDATE)
        ready.set()
        session.execute(SLEEP)

    async with database.async_sessions() as session:
        await session.run_sync(legacy)


async def streaming(database: Database, ready: asyncio.Event) -> None:
    async with database.async_sessions() as session:
        await session.execute(UPDATE)
        slow = text("SELECT n, CASE WHEN n > 100 THEN pg_sleep(60) END FROM generate_series(1, 1000) AS n")
        async for _ in await session.stream(slow, execution_options={"yield_per": 10}):
            ready.set()


async def between_statements(database: Database, ready: asyncio.Event) -> None:
    async with database.async_sessions() as session:
        await session.execute(UPDATE)
        ready.set()
        await anyio.sleep_forever()


async def without_a_block(database: Database, ready: asyncio.Event) -> None:
    session = database.async_sessions()
    try:
        await session.execute(UPDATE)
        ready.set()
        await session.execute(SLEEP)
    finally:
        await session.close()


WORK = (
    unit_of_work, plain_session, plain_connection, legacy_code_on_the_loop, streaming, between_statements, without_a_block,
)  # fmt: skip


async def cancelled_by(mechanism: str, work: Awaitable[None], reached: Callable[[], Awaitable[None]]) -> None:
    """Run *work* in a task, have *mechanism* cancel it once *reached*, and return when it has ended."""
    signal = asyncio.Event()
    scope = anyio.CancelScope()

    async def receive() -> Message:
        await signal.wait()
        return {"type": "http.disconnect"}

    async def run() -> None:
        async with AsyncExitStack() as stack:
            if mechanism == "timeout":
                timer = await stack.enter_async_context(asyncio.timeout(None))
                signal_task = asyncio.create_task(signal.wait())
                signal_task.add_done_callback(lambda _: timer.reschedule(0))
            if mechanism == "scope":
                stack.enter_context(scope)
            if mechanism == "disconnect":
                await unless_disconnected(receive, work)  # type: ignore[arg-type]  # stands in for ASGI's receive
            else:
                await work

    task = asyncio.create_task(run())
    await reached()
    if mechanism == "task":
        task.cancel()
    scope.cancel()
    signal.set()
    await asyncio.wait([task])
    if not task.cancelled():
        assert isinstance(task.exception(), TimeoutError | None)


def assert_server_is_free(server: ServerSide) -> None:
    """Look once: what is over now was over before the caller could go on."""
    assert not server.connections("state <> 'idle'")
    assert not server.rows("SELECT pid FROM pg_locks WHERE relation = 'users'::regclass AND pid <> pg_backend_pid()")


@pytest.mark.parametrize("work", WORK)
@pytest.mark.parametrize("mechanism", MECHANISMS)
async def test_nothing_runs_and_no_lock_is_held(
    mechanism: str, work: Work, database: Database, server: ServerSide
) -> None:
    ready = asyncio.Event()

    async def reached() -> None:
        await ready.wait()
        if work is not between_statements:
            await until(
                lambda: server.connections("state = 'active' AND (query LIKE '%pg_sleep%' OR query LIKE 'FETCH%')")
            )

    with anyio.fail_after(5):
        await cancelled_by(mechanism, work(database, ready), reached)
    assert_server_is_free(server)
    pool: Any = database.async_engine.sync_engine.pool
    assert pool.checkedout() == 0
    async with database.async_unit_of_work() as session:
        assert await session.scalar(text("SELECT count(*) FROM users WHERE username = 'cancelled'")) == 0


@pytest.mark.parametrize("mechanism", MECHANISMS)
async def test_a_statement_that_waits_for_a_lock_leaves_the_queue(
    mechanism: str, database: Database, server: ServerSide
) -> None:
    with server.holding("users"):
        work = plain_session(database, asyncio.Event())
        with anyio.fail_after(5):
            await cancelled_by(mechanism, work, partial(until, server.waiting_for_locks))
        assert not server.waiting_for_locks()


@pytest.mark.parametrize("mechanism", MECHANISMS)
async def test_a_commit_that_has_begun_is_not_interrupted(
    mechanism: str, database: Database, server: ServerSide
) -> None:
    server.run("CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN LOCK TABLE tags; RETURN NULL; END'")
    server.run(
        "CREATE CONSTRAINT TRIGGER wait AFTER UPDATE ON users DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait()"
    )

    async def work() -> None:
        async with database.async_unit_of_work() as session:
            await session.execute(UPDATE)

    with server.holding("tags") as let_go:

        async def reached() -> None:
            await until(server.waiting_for_locks)
            asyncio.get_running_loop().call_later(0.2, let_go)  # after the cancellation, before patience runs out

        await cancelled_by(mechanism, work(), reached)
    assert server.users("cancelled") == 1
    assert_server_is_free(server)


async def test_a_second_and_a_third_cancellation_change_nothing(database: Database, server: ServerSide) -> None:
    ready = asyncio.Event()
    task = asyncio.create_task(plain_session(database, ready))
    await until(lambda: server.connections("state = 'active' AND (query LIKE '%pg_sleep%' OR query LIKE 'FETCH%')"))
    while not task.done():
        task.cancel()
        await asyncio.sleep(0)
    assert task.cancelled()
    assert_server_is_free(server)


async def test_the_work_stays_in_its_task_and_sees_its_context(database: Database) -> None:
    """Structured concurrency and context variables of the caller keep working: only the wait is shielded."""
    variable: ContextVar[str] = ContextVar("variable", default="unset")
    tasks = set[Any]()

    def note(*_: object) -> None:
        tasks.add(asyncio.current_task())
        variable.set("set below the session")

    event.listen(database.async_engine.sync_engine, "before_cursor_execute", note)
    with anyio.move_on_after(0.2) as scope:
        async with database.async_sessions() as session:
            await session.execute(SLEEP)
    assert scope.cancelled_caught
    assert tasks == {asyncio.current_task()}
    assert variable.get() == "set below the session"


async def test_a_task_group_around_sessions_ends_with_all_of_them_clean(database_url: str, server: ServerSide) -> None:
    async with side_of("async", PAIRS[0], database_url, pool=PoolSettings(size=3)) as side:

        async def fail() -> None:
            await until(lambda: len(server.connections("state = 'active' AND query LIKE '%pg_sleep%'")) == 3)
            raise LookupError

        async def sleep() -> None:
            async with side.database.async_sessions() as session:
                await session.execute(SLEEP)

        async def all_of_them() -> None:
            async with anyio.create_task_group() as tasks:
                for _ in range(3):
                    tasks.start_soon(sleep)
                tasks.start_soon(fail)

        with pytest.raises(ExceptionGroup):
            await all_of_them()
        assert_server_is_free(server)
