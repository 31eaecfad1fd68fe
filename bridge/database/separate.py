"""Connections outside of the pools, for what has to work when every pooled one is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import NullPool, event
from sqlalchemy.ext.asyncio import create_async_engine

from bridge.database.arguments import require_tls
from bridge.database.async_stopping import make_async_stoppable
from bridge.database.stop_settings import limit_connecting
from bridge.database.transaction_pooler import prepare_nothing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.ext.asyncio import AsyncEngine

    from bridge.database.stop_settings import StopSettings
    from bridge.database.urls import DriverURLs

__all__ = ["make_separate_engine"]


def make_separate_engine(
    urls: DriverURLs,
    *,
    stopping: StopSettings,
    connect_args: Mapping[str, object],
    transaction_pooler: bool,
) -> AsyncEngine:
    """
    Return an asynchronous engine without a pool and without parity layers.

    Args:
        urls: Where the database is, and how to connect to it.
        stopping: How long opening a connection and cancelling may take.
        connect_args: Further connect arguments of the asynchronous driver.
        transaction_pooler: The server is behind a pooler in transaction mode.
    """
    arguments: dict[str, Any] = {**urls.async_connect_args, **connect_args}
    engine = create_async_engine(urls.asynchronous, connect_args=arguments, poolclass=NullPool)
    if urls.require_tls:
        event.listen(engine.sync_engine, "connect", require_tls)
    limit_connecting(engine.sync_engine, stopping.connect_timeout)
    if transaction_pooler:
        prepare_nothing(engine.sync_engine)
    make_async_stoppable(engine, stopping)
    return engine
