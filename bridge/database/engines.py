"""Make the two engines, and give them one behaviour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event
from sqlalchemy.ext.asyncio import create_async_engine

from bridge.database.addresses import watch_addresses
from bridge.database.arguments import require_tls
from bridge.database.async_stopping import make_async_stoppable
from bridge.database.checked_read import watch_checked_reads
from bridge.database.failed_begin import discard_after_failed_begin
from bridge.database.forking import connect_anew_after_fork
from bridge.database.joined_side import watch_checkouts
from bridge.database.parity import install_parity
from bridge.database.pending import watch_writes
from bridge.database.pool import configure_pool
from bridge.database.prompt_closing import close_promptly
from bridge.database.stop_settings import limit_connecting
from bridge.database.stopping import make_stoppable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

    from bridge.database.parity import ParityLayers
    from bridge.database.pool import PoolSettings
    from bridge.database.stop_settings import StopSettings
    from bridge.database.urls import DriverURLs

__all__ = ["make_engines"]


def make_engines(
    urls: DriverURLs,
    *,
    pool: PoolSettings,
    stopping: StopSettings,
    parity: ParityLayers,
    sync_connect_args: Mapping[str, object],
    async_connect_args: Mapping[str, object],
    addresses: set[str],
    engine_options: Mapping[str, Any],
) -> tuple[Engine, AsyncEngine]:
    """
    Return the synchronous and the asynchronous engine of one database; neither has connected.

    Args:
        urls: Where the database is, and how to connect to it.
        pool: Size and behaviour of both pools.
        stopping: How long cancelled work may take to end.
        parity: What makes the second engine behave as the first does.
        sync_connect_args: Further connect arguments of the synchronous driver.
        async_connect_args: Further connect arguments of the asynchronous driver.
        addresses: Gets where they connect to.
        engine_options: Further arguments of `sqlalchemy.create_engine`, for both.
    """
    options: dict[str, Any] = {
        "pool_size": pool.size,
        "max_overflow": pool.overflow,
        "pool_timeout": pool.timeout,
        "pool_recycle": pool.recycle,
        **engine_options,
    }
    sync_engine = create_engine(urls.sync, connect_args={**urls.sync_connect_args, **sync_connect_args}, **options)
    async_engine = create_async_engine(
        urls.asynchronous, connect_args={**urls.async_connect_args, **async_connect_args}, **options
    )
    close_promptly(async_engine.sync_engine)
    discard_after_failed_begin(async_engine.sync_engine)
    if urls.require_tls:
        event.listen(async_engine.sync_engine, "connect", require_tls)
    for engine in (sync_engine, async_engine.sync_engine):
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _enforce_foreign_keys)
        limit_connecting(engine, stopping.connect_timeout)
        configure_pool(engine, pool)
    # Afterwards, because it executes some statements itself; see `retry_after_ddl`.
    install_parity(sync_engine, async_engine.sync_engine, parity)
    make_stoppable(sync_engine, stopping)
    make_async_stoppable(async_engine, stopping)
    watch_writes(async_engine.sync_engine)
    for engine in (sync_engine, async_engine.sync_engine):
        watch_addresses(engine, addresses)
    watch_checkouts(sync_engine, synchronous=True)
    watch_checkouts(async_engine.sync_engine, synchronous=False)
    for engine in (sync_engine, async_engine.sync_engine):
        watch_checked_reads(engine)
    connect_anew_after_fork(sync_engine, async_engine.sync_engine)
    return sync_engine, async_engine


def _enforce_foreign_keys(connection: Any, _record: object) -> None:
    # SQLite ignores ON DELETE CASCADE unless each connection asks for it: https://sqlite.org/foreignkeys.html#fk_enable
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()
