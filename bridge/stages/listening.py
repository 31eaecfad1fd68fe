"""Hear of changes from PostgreSQL instead of asking for them."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator

    from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = ["listening", "notify"]

logger = logging.getLogger("bridge.stages")

PERHAPS_POOLED: Final = (
    "a connection pooler answers for the database server, through which LISTEN works only if it is in session mode: set "
    "PoolSettings(transaction_pooler=False) if it is; until then stages are polled"
)


@asynccontextmanager
async def listening(
    connection: AsyncConnection, changed: asyncio.Event, *, channel: str, transaction_pooler: bool | None
) -> AsyncIterator[bool]:
    """
    Have *changed* set when a change is announced on *channel*, or the connection ends; yield whether that works here.

    It does with asyncpg, on a connection of PostgreSQL that is not shared between transactions.
    """
    driver = await _driver(connection)
    if driver is None or transaction_pooler or (transaction_pooler is None and await _is_pooled(driver)):
        yield False
        return

    def wake(*_: object) -> None:
        changed.set()

    driver.add_termination_listener(wake)
    await driver.add_listener(channel, wake)
    try:
        yield True
    finally:
        driver.remove_termination_listener(wake)


async def notify(connection: AsyncConnection, channel: str) -> None:
    """Announce a change to whoever listens on *channel*, when the transaction of *connection* is committed."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT pg_notify(:channel, '')"), {"channel": channel})


async def _driver(connection: AsyncConnection) -> Any:
    if connection.dialect.driver != "asyncpg":
        return None
    return (await connection.get_raw_connection()).driver_connection


async def _is_pooled(driver: Any) -> bool:
    # A pooler makes up the process id that it announces: see `bridge.database.transaction_pooler.is_pooled`.
    pooled: bool = driver.get_server_pid() != await driver.fetchval("SELECT pg_backend_pid()")
    if pooled:
        logger.warning(PERHAPS_POOLED)
    return pooled
