"""End the statement of a cancelled task on the server with psycopg, which by itself lets a second cancellation interrupt the first."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import event

from bridge.offload import finish

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

__all__ = ["wait_for_psycopg"]

FIRST_PAUSE_S: Final = 0.02
# psycopg's own: as often it looks whether a signal has arrived.
INTERVAL_S: Final = 0.1


def wait_for_psycopg(engine: AsyncEngine, seconds: float) -> None:
    """
    Have connections of *engine*, which is psycopg's, wait until the server has ended what was cancelled, whatever cancels them meanwhile.

    One that is being opened then is not waited for, and closed when it is open. An ``async_creator_fn`` of the user's own goes before it.

    Args:
        engine: An asynchronous engine.
        seconds: How long to wait; then the connection is closed.
    """
    connection_class = _connection_class(seconds)

    def choose(_dialect: object, _record: object, _args: object, arguments: dict[str, Any]) -> None:
        arguments.setdefault("async_creator_fn", partial(_open, connection_class))

    event.listen(engine.sync_engine, "do_connect", choose)


async def _open(connection_class: Any, *args: Any, **arguments: Any) -> Any:
    # An opening that is cancelled leaves its socket to the garbage collector, and so a connection idle on the server.
    opening = asyncio.ensure_future(connection_class.connect(*args, **arguments))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_drop)
        raise


def _drop(opening: asyncio.Future[Any]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().pgconn.finish()


def _connection_class(seconds: float) -> Any:
    psycopg = import_module("psycopg")
    base: Any = psycopg.AsyncConnection
    wait_async = import_module("psycopg.waiting").wait_async
    active = psycopg.pq.TransactionStatus.ACTIVE

    class PatientConnection(base):  # type: ignore[misc]  # an optional dependency, so known at run time only
        """Overrides what its documentation calls the way to run an operation on a connection."""

        async def wait(self, operation: Any, interval: float = INTERVAL_S, **options: Any) -> Any:
            try:
                return await wait_async(operation, self.pgconn.socket, interval=interval, **options)
            except asyncio.CancelledError:
                if self.pgconn.transaction_status == active:
                    # A second cancellation changes nothing, nor does an error: the first one goes on either way.
                    with suppress(Exception, asyncio.CancelledError):
                        await finish(self._end(operation))
                raise

        async def _end(self, operation: Any) -> None:
            over = asyncio.ensure_future(wait_async(operation, self.pgconn.socket, interval=INTERVAL_S))
            pause = FIRST_PAUSE_S
            try:
                async with asyncio.timeout(seconds):
                    # A request that overtakes its statement is forgotten by the server, because the connection seems idle to it.
                    while not over.done():
                        with suppress(psycopg.Error):
                            await self.cancel_safe(timeout=seconds)
                        await asyncio.wait([over], timeout=pause)
                        pause *= 2
            finally:
                over.cancel()
                await asyncio.wait([over])
                if self.pgconn.transaction_status == active:
                    self.pgconn.finish()
                if not over.cancelled():
                    over.exception()  # seen: that it was cancelled is no news

    return PatientConnection
