"""One URL, two engines."""

from __future__ import annotations

import logging
import os
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import create_engine, event, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import sessionmaker

from bridge.database.budget import ConnectionBudget
from bridge.database.deployment import Deployment
from bridge.database.limits import pgbouncer_limits, server_limits
from bridge.database.pending import watch_writes
from bridge.database.pool import PoolSettings, configure_pool
from bridge.database.stopping import make_stoppable
from bridge.database.transaction_pooler import is_pooled
from bridge.database.unit_of_work import async_unit_of_work, unit_of_work
from bridge.database.urls import driver_urls
from bridge.errors import DatabaseUnreachable

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager, AbstractContextManager

    from sqlalchemy.engine import URL, Engine
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import Session

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
        pool: Size and behaviour of both pools.
        deployment: How many processes open such pools.
        sync_engine: Engine for worker threads; give it to the legacy application too, so that both share one pool.
        async_engine: Engine for the event loop.
        sessions: Makes `Session` objects that behave as the legacy application's do.
        async_sessions: Makes `AsyncSession` objects; ``expire_on_commit`` is off, because an expired attribute would need SQL.
    """

    def __init__(
        self,
        url: str | URL | None,
        *,
        pool: PoolSettings | None = None,
        deployment: Deployment | None = None,
        **engine_options: Any,
    ) -> None:
        """
        Args:
            url: Any URL of the database, for example the legacy application's; the drivers are chosen here.
            pool: Size and behaviour of both pools.
            deployment: How many processes open such pools; by default as many as ``WEB_CONCURRENCY`` says, on one host.
            engine_options: Further arguments of `sqlalchemy.create_engine`, given to both engines.

        Raises:
            InvalidDatabaseURL: The URL is unset, malformed, or of a database that has no pair of drivers.
            InvalidPoolSize: The pool could not serve one request.
            ConfigurationError: ``WEB_CONCURRENCY`` is not a number of workers.
        """
        urls = driver_urls(url)
        self.url: URL = urls.sync
        self.pool = pool or PoolSettings()
        self.deployment = deployment or Deployment.from_environ(os.environ)
        options: dict[str, Any] = {
            "pool_size": self.pool.size,
            "max_overflow": self.pool.overflow,
            "pool_timeout": self.pool.timeout,
            "pool_recycle": self.pool.recycle,
            **engine_options,
        }
        self.sync_engine: Engine = create_engine(urls.sync, **options)
        self.async_engine = create_async_engine(urls.asynchronous, **options)
        if self.url.get_backend_name() == "postgresql":
            event.listen(self.async_engine.sync_engine, "connect", _read_numerics_as_text)
        if self.url.get_backend_name() == "sqlite":
            for engine in (self.sync_engine, self.async_engine.sync_engine):
                event.listen(engine, "connect", _enforce_foreign_keys)
        for engine in (self.sync_engine, self.async_engine.sync_engine):
            configure_pool(engine, self.pool)
        make_stoppable(self.sync_engine)
        watch_writes(self.async_engine.sync_engine)
        self.sessions: sessionmaker[Session] = sessionmaker(self.sync_engine)
        self.async_sessions: async_sessionmaker[AsyncSession] = async_sessionmaker(
            self.async_engine, expire_on_commit=False
        )

    def __repr__(self) -> str:
        return f"Database({self.url.render_as_string(hide_password=True)!r})"

    def unit_of_work(self) -> AbstractContextManager[Session]:
        """Open one synchronous transaction; see `bridge.database.unit_of_work`."""
        return unit_of_work(self.sessions)

    def async_unit_of_work(self) -> AbstractAsyncContextManager[AsyncSession]:
        """Open one asynchronous transaction; see `bridge.database.async_unit_of_work`."""
        return async_unit_of_work(self.async_sessions)

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
            reason = str(getattr(error, "orig", error)).strip().splitlines()[0]
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

    async def dispose(self) -> None:
        """Close every pooled connection of both engines. Connections still in use are closed when they are returned."""
        await self.async_engine.dispose()
        self.sync_engine.dispose()


def _enforce_foreign_keys(connection: Any, _record: object) -> None:
    # SQLite ignores ON DELETE CASCADE unless each connection asks for it: https://sqlite.org/foreignkeys.html#fk_enable
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _read_numerics_as_text(connection: Any, _record: object) -> None:
    # asyncpg's binary format gives Decimal("2E+4") for 20000, which psycopg2 reads as Decimal("20000").
    connection.run_async(
        lambda driver: driver.set_type_codec(
            "numeric", schema="pg_catalog", encoder=str, decoder=Decimal, format="text"
        )
    )
