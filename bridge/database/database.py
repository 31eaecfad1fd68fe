"""One URL, two engines."""

from __future__ import annotations

import logging
import os
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import QueuePool

from bridge.database.budget import ConnectionBudget
from bridge.database.checked_read import is_checked_read
from bridge.database.deployment import Deployment
from bridge.database.engines import make_engines
from bridge.database.joined import join_units
from bridge.database.joined_side import joined_unit
from bridge.database.limits import pgbouncer_limits, server_limits
from bridge.database.parity import ParityLayers
from bridge.database.pool import PoolSettings, refuse_pool_options
from bridge.database.read_only import Reading, has_transaction, reads_without_transaction
from bridge.database.separate import make_separate_engine
from bridge.database.stop_settings import StopSettings
from bridge.database.transaction_pooler import is_pooled
from bridge.database.unit_of_work import async_unit_of_work, unit_of_work
from bridge.database.urls import driver_urls
from bridge.errors import DatabaseUnreachable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractAsyncContextManager, AbstractContextManager

    from sqlalchemy.engine import URL, Engine
    from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

    from bridge.database.joined import Joined

__all__ = ["Database"]

logger = logging.getLogger("bridge.database")

UNDECLARED_POOLER: Final = (
    "a connection pooler answers for the database server: if it is in transaction mode, set PoolSettings(transaction_pooler=True), "
    "else False"
)


class Database:
    """
    The synchronous and the asynchronous engine of one database, with their session factories.

    Nothing connects until the first use. The asynchronous engine belongs to the event loop that uses it first.

    Attributes:
        url: The synchronous driver's URL; its text form hides the password.
        pair: The two drivers.
        pool: Size and behaviour of both pools.
        stopping: How long cancelled work may take to end.
        parity: What is done so that the asynchronous engine behaves as the synchronous one does.
        deployment: How many processes open such pools.
        sync_engine: Engine for worker threads; give it to the legacy application too, so that both share one pool.
        async_engine: Engine for the event loop.
        sessions: Makes `Session` objects that behave as the legacy application's do; units of work that only read use it, too.
        async_sessions: Makes `AsyncSession` objects; ``expire_on_commit`` is off, because an expired attribute would need SQL.
    """

    def __init__(
        self,
        url: str | URL | None,
        *,
        pool: PoolSettings | None = None,
        stopping: StopSettings | None = None,
        parity: ParityLayers | None = None,
        connect_args: Mapping[str, object] | None = None,
        sync_connect_args: Mapping[str, object] | None = None,
        async_connect_args: Mapping[str, object] | None = None,
        deployment: Deployment | None = None,
        **engine_options: Any,
    ) -> None:
        """
        Args:
            url: Any URL of the database, for example the legacy application's; the drivers are chosen here.
            pool: Size and behaviour of both pools.
            stopping: How long cancelled work may take to end.
            parity: Layers to leave out; without it, there is every one.
            connect_args: Connect arguments in the words of either driver, translated for the other as those of the URL are.
            sync_connect_args: Connect arguments of the synchronous driver alone, passed on as they are.
            async_connect_args: Connect arguments of the asynchronous driver alone, passed on as they are.
            deployment: How many processes open such pools; by default as many as ``WEB_CONCURRENCY`` says, on one host.
            engine_options: Further arguments of `sqlalchemy.create_engine`, given to both engines; those of the pool are in *pool*.

        Raises:
            InvalidDatabaseURL: The URL is unset, malformed, or of a database that has no pair of drivers.
            InvalidConnectArgument: A connect argument is unknown, malformed, contradictory or without a twin.
            DriverMissing: A driver of the pair is not installed.
            InvalidPoolSize: The pool could not serve one request.
            ConfigurationError: ``WEB_CONCURRENCY`` is not a number of workers, or an engine option is one of the pool's.
        """
        refuse_pool_options(engine_options)
        urls = driver_urls(url, connect_args)
        urls.pair.require()
        self.pair = urls.pair
        self.url: URL = urls.sync
        self.pool = pool or PoolSettings()
        self.stopping = stopping or StopSettings()
        self.parity = parity or ParityLayers()
        self.deployment = deployment or Deployment.from_environ(os.environ)
        self._addresses: set[str] = set()
        self._make_separate_engine = partial(
            make_separate_engine,
            urls,
            stopping=self.stopping,
            connect_args=async_connect_args or {},
            transaction_pooler=bool(self.pool.transaction_pooler),
        )
        self.sync_engine: Engine
        self.async_engine: AsyncEngine
        self.sync_engine, self.async_engine = make_engines(
            urls,
            pool=self.pool,
            stopping=self.stopping,
            parity=self.parity,
            sync_connect_args=sync_connect_args or {},
            async_connect_args=async_connect_args or {},
            addresses=self._addresses,
            engine_options=engine_options,
        )
        self.sessions: sessionmaker[Session] = sessionmaker(self.sync_engine)
        # Subclassed as `sessionmaker` does, so that what listens to its events hears no other session.
        asynchronous = type("Session", (Session,), {})
        self.async_sessions: async_sessionmaker[AsyncSession] = async_sessionmaker(
            self.async_engine, sync_session_class=asynchronous, expire_on_commit=False
        )
        free = reads_without_transaction(
            self.sync_engine, engine_options.get("isolation_level") or urls.isolation_level
        )
        self._reading = Reading(self.sync_engine, self.sessions.class_, without_transaction=free)
        self._async_reading = Reading(self.async_engine.sync_engine, asynchronous, without_transaction=free)

    def __repr__(self) -> str:
        return f"Database({self.url.render_as_string(hide_password=True)!r})"

    def unit_of_work(self, *, read_only: bool = False) -> AbstractContextManager[Session]:
        """
        Open one synchronous transaction; see `bridge.database.unit_of_work`.

        Args:
            read_only: Refuse writes. On PostgreSQL at READ COMMITTED, spare the round trips of BEGIN and COMMIT, too, unless a
                statement needs a transaction: one that streams its rows, or calls ``set_config()`` or ``pg_advisory_xact_lock()``.
                A function that does so in the database cannot be seen.
        """
        alone = self._reads_alone(read_only)
        return unit_of_work(partial(self._reading.session, self.sessions) if alone else self.sessions)

    def async_unit_of_work(self, *, read_only: bool = False) -> AbstractAsyncContextManager[AsyncSession]:
        """
        Open one asynchronous transaction; see `bridge.database.async_unit_of_work`.

        Args:
            read_only: As for `unit_of_work`.

        Raises:
            JoinedConnectionBusy: The path is being checked, and another of its tasks has a unit of work open.
            ConnectionOutsideCheck: The path is being checked, and has ended.
        """
        joined = joined_unit(self, self.async_sessions, read_only=read_only)
        if joined is not None:
            return joined
        alone = self._reads_alone(read_only)
        return async_unit_of_work(
            partial(self._async_reading.session, self.async_sessions) if alone else self.async_sessions,
            patience=self.stopping.cut_after,
            ends_on_the_server=has_transaction if alone else None,
        )

    @property
    def addresses(self) -> frozenset[str]:
        """Where its connections have been opened to: ``host:port``, or the path of a Unix socket; empty before the first."""
        return frozenset(self._addresses)

    def joined(self) -> AbstractAsyncContextManager[Joined]:
        """
        Take one connection for the units of work of two paths of a request; see `bridge.database.join_units`.

        Raises:
            WritesNotCheckable: Not PostgreSQL with asyncpg; raised when the block is entered.
        """
        return join_units(self)

    def separate_engine(self) -> AsyncEngine:
        """
        Make an asynchronous engine whose connections are opened for each use, outside of the pools; dispose of it yourself.

        For what has to work when every pooled connection is taken. It has no parity layers.
        """
        return self._make_separate_engine()

    @staticmethod
    def _reads_alone(read_only: bool) -> bool:  # noqa: FBT001  passed on as it came
        # A checked read needs a transaction, to be READ ONLY and to import a snapshot.
        return read_only and not is_checked_read()

    def check(self) -> None:
        """
        Connect once, and log whether the connections of all processes fit. Blocks: call it from a worker thread.

        Raises:
            DatabaseUnreachable: No connection could be opened.
            BudgetExceeded: All processes together may open more connections than they can get.
        """
        budget = self.budget()
        budget.require()
        if budget.accounts or budget.pooled:
            logger.log(logging.WARNING if budget.is_close else logging.INFO, "%s", budget)

    def budget(self) -> ConnectionBudget:
        """
        Reckon the connections of all processes against the limits of the server and its pooler. Blocks, and opens a connection.

        Raises:
            DatabaseUnreachable: No connection could be opened.
        """
        pooled = self.pool.transaction_pooler
        try:
            with self.sync_engine.connect() as connection:
                connection.execute(text("SELECT 1"))
                limits = server_limits(connection)
                if pooled is None and limits and is_pooled(connection.connection.driver_connection):
                    logger.warning(UNDECLARED_POOLER)
        except SQLAlchemyError as error:
            # Only the driver's first line: it names host and reason, never the password.
            cause = getattr(error, "orig", error)
            reason = next(iter(str(cause).strip().splitlines()), type(cause).__name__)
            shown = self.url.render_as_string(hide_password=True)
            msg = f"cannot connect to {shown}: {reason}. Check that the server runs and that DATABASE_URL names it"
            raise DatabaseUnreachable(msg) from None
        return ConnectionBudget(
            pool_connections=self.pool.connections,
            deployment=self.deployment,
            server=limits,
            pooled=bool(pooled),
            pgbouncer=self.deployment.pgbouncer or (pgbouncer_limits(self.sync_engine) if pooled else None),
        )

    def is_exhausted(self) -> bool:
        """Return whether every connection of the asynchronous pool is in use."""
        pool = self.async_engine.pool
        return isinstance(pool, QueuePool) and pool.checkedout() >= self.pool.connections

    async def dispose(self) -> None:
        """Close every pooled connection of both engines. Connections still in use are closed when they are returned."""
        await self.async_engine.dispose()
        self.sync_engine.dispose()
