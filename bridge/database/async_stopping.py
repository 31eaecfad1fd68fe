"""End the statement of a cancelled task on the server before the cancellation goes on, whatever cancelled it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Engine, event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from bridge.database.psycopg_stopping import wait_for_psycopg
from bridge.database.stop_settings import StopSettings
from bridge.database.stopping import shut_down
from bridge.offload import finish

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from sqlalchemy.engine import ExceptionContext

__all__ = ["make_async_stoppable"]

ENDINGS: Final = (asyncio.CancelledError, TimeoutError)
# PostgreSQL ends a statement 2 to 3 ms after the request.
FIRST_PAUSE_S: Final = 0.02
# Threads of one's own account are visible without any privilege.
THREADS: Final = text("SELECT count(*) FROM information_schema.processlist WHERE id = :thread")


def make_async_stoppable(engine: AsyncEngine, settings: StopSettings | None = None) -> None:
    """
    Have a cancellation that reaches a statement on *engine* wait until the server has ended it.

    The driver asks the server to cancel when the task is cancelled, and SQLAlchemy then discards the connection. Starlette's way of
    cancelling, an AnyIO scope, interrupts again whatever waits for the first cancellation to work, and the request to the server
    with it. So the wait happens here, shielded, in the task that was cancelled: what it runs, and with which context variables, stays as it is.

    Whatever the server does, the wait ends after ``cut_after`` seconds, and so does a ROLLBACK; the connection is cut then.

    Does nothing for a driver that it does not know: asyncpg, psycopg, aiosqlite and aiomysql it does.

    Args:
        engine: An asynchronous engine.
        settings: How long to wait.
    """
    end = ENDS.get(engine.dialect.driver)
    if end is None:
        return
    patience = (settings or StopSettings()).cut_after

    def end_statement(context: ExceptionContext) -> None:
        connection = context.connection
        if connection is None or connection.invalidated or not isinstance(context.original_exception, ENDINGS):
            return
        adapted: Any = connection.connection.dbapi_connection
        # A second cancellation changes nothing: the first one goes on when this returns. Nor does an error: the connection
        # is discarded either way.
        with suppress(Exception, asyncio.CancelledError):
            adapted.run_async(lambda driver: finish(end(engine, driver, patience)))
        if engine.dialect.driver == "psycopg" and context.execution_context is not None:
            # SQLAlchemy leaves it to the garbage collector, where a cursor on the server would warn. Nothing is sent any more.
            with suppress(Exception, asyncio.CancelledError):
                context.execution_context.cursor.close()

    event.listen(engine.sync_engine, "handle_error", end_statement)
    if engine.dialect.driver == "psycopg":
        wait_for_psycopg(engine, patience)
    if engine.dialect.driver in CUTS:
        _limit_rollback(engine, patience, *CUTS[engine.dialect.driver])


def _limit_rollback(
    engine: AsyncEngine, seconds: float, is_idle: Callable[[Any], bool], cut: Callable[[Any], None]
) -> None:
    # A ROLLBACK costs the server next to nothing. There is an event before it, but none after.
    roll_back = engine.sync_engine.dialect.do_rollback

    def limited(dbapi_connection: Any) -> None:
        driver = dbapi_connection.driver_connection
        if is_idle(driver):  # nothing is sent
            roll_back(dbapi_connection)
            return
        timer = asyncio.get_running_loop().call_later(seconds, cut, driver)
        try:
            roll_back(dbapi_connection)
        finally:
            timer.cancel()

    engine.sync_engine.dialect.do_rollback = limited  # type: ignore[method-assign]  # see above: no event comes after it


async def _close(_engine: AsyncEngine, driver: Any, seconds: float) -> None:
    # Waits for the cancel request that asyncpg has made; if the time is up, it drops the connection.
    closing = asyncio.ensure_future(driver.close(timeout=seconds))
    requests = set[asyncio.Task[None]]()
    pause = FIRST_PAUSE_S
    try:
        while not (await asyncio.wait([closing], timeout=pause))[0]:
            requests.add(asyncio.ensure_future(_ask_again(driver)))
            pause *= 2
    finally:
        for request in requests:
            request.cancel()
        await asyncio.gather(closing, *requests, return_exceptions=True)


async def _ask_again(driver: Any) -> None:
    # A request that overtakes its statement is forgotten by the server, because the connection seems idle to it. asyncpg makes
    # one and no more, and has no public name for making another.
    await driver._cancel(asyncio.get_running_loop().create_future())  # noqa: SLF001 - as said above


async def _roll_back(_engine: AsyncEngine, driver: Any, seconds: float) -> None:
    # The statement is over: see `wait_for_psycopg`. The transaction is not yet.
    try:
        async with asyncio.timeout(seconds):
            await driver.rollback()
    finally:
        await driver.close()


async def _interrupt(_engine: AsyncEngine, driver: Any, _seconds: float) -> None:
    await driver.interrupt()


async def _kill(engine: AsyncEngine, driver: Any, seconds: float) -> None:
    # aiomysql has closed the socket, of which MySQL takes no notice before the statement is over; and its protocol has no cancel.
    # A pool made like the engine's has its connect arguments and its listeners, and is not exhausted.
    other = AsyncEngine(Engine(engine.sync_engine.pool.recreate(), engine.dialect, engine.url))
    thread, pause = int(driver.thread_id()), FIRST_PAUSE_S
    try:
        async with asyncio.timeout(seconds), other.connect() as connection:
            await connection.exec_driver_sql(f"KILL CONNECTION {thread}")
            while await connection.scalar(THREADS, {"thread": thread}):
                await asyncio.sleep(pause)
                pause *= 2
    finally:
        await other.dispose()


ENDS: Final[dict[str, Callable[[AsyncEngine, Any, float], Coroutine[Any, Any, None]]]] = {
    "asyncpg": _close,
    "psycopg": _roll_back,
    "aiosqlite": _interrupt,
    "aiomysql": _kill,
}
# For drivers that can drop a connection at once: whether it has no transaction, and how to.
CUTS: Final[dict[str, tuple[Callable[[Any], bool], Callable[[Any], None]]]] = {
    "asyncpg": (
        lambda driver: driver.is_closed() or not driver.is_in_transaction(),
        lambda driver: driver.terminate(),
    ),
    "psycopg": (lambda driver: driver.closed or not driver.info.transaction_status, shut_down),
}
