"""One URL, two engines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import sessionmaker

from bridge.database.arguments import require_tls
from bridge.database.parity import ParityLayers, install_parity
from bridge.database.pending import watch_writes
from bridge.database.pool import PoolSettings
from bridge.database.stopping import make_stoppable
from bridge.database.unit_of_work import async_unit_of_work, unit_of_work
from bridge.database.urls import driver_urls
from bridge.errors import DatabaseUnreachable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractAsyncContextManager, AbstractContextManager

    from sqlalchemy.engine import URL, Engine
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import Session

__all__ = ["Database"]


class Database:
    """
    The synchronous and the asynchronous engine of one database, with their session factories.

    Nothing connects until the first use. The asynchronous engine belongs to the event loop that uses it first.

    Attributes:
        url: The synchronous driver's URL; its text form hides the password.
        pair: The two drivers.
        pool: Size and behaviour of both pools.
        parity: What is done so that the asynchronous engine behaves as the synchronous one does.
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
        connect_args: Mapping[str, object] | None = None,
        sync_connect_args: Mapping[str, object] | None = None,
        async_connect_args: Mapping[str, object] | None = None,
        parity: ParityLayers | None = None,
        **engine_options: Any,
    ) -> None:
        """
        Args:
            url: Any URL of the database, for example the legacy application's; the drivers are chosen here.
            pool: Size and behaviour of both pools.
            connect_args: Connect arguments in the words of either driver, translated for the other as those of the URL are.
            sync_connect_args: Connect arguments of the synchronous driver alone, passed on as they are.
            async_connect_args: Connect arguments of the asynchronous driver alone, passed on as they are.
            parity: Layers to leave out; without it, there is every one.
            engine_options: Further arguments of `sqlalchemy.create_engine`, given to both engines.

        Raises:
            InvalidDatabaseURL: The URL is unset, malformed, or of a database that has no pair of drivers.
            InvalidConnectArgument: A connect argument is unknown, malformed, contradictory or without a twin.
            DriverMissing: A driver of the pair is not installed.
            InvalidPoolSize: The pool could not serve one request.
        """
        urls = driver_urls(url, connect_args)
        urls.pair.require()
        self.pair = urls.pair
        self.url: URL = urls.sync
        self.pool = pool or PoolSettings()
        self.parity = parity or ParityLayers()
        options: dict[str, Any] = {
            "pool_size": self.pool.size,
            "max_overflow": self.pool.overflow,
            "pool_timeout": self.pool.timeout,
            "pool_recycle": self.pool.recycle,
            "pool_pre_ping": self.pool.pre_ping,
            **engine_options,
        }
        self.sync_engine: Engine = create_engine(
            urls.sync, connect_args={**urls.sync_connect_args, **(sync_connect_args or {})}, **options
        )
        self.async_engine = create_async_engine(
            urls.asynchronous, connect_args={**urls.async_connect_args, **(async_connect_args or {})}, **options
        )
        if urls.require_tls:
            event.listen(self.async_engine.sync_engine, "connect", require_tls)
        install_parity(self.sync_engine, self.async_engine.sync_engine, self.parity)
        if self.url.get_backend_name() == "sqlite":
            for engine in (self.sync_engine, self.async_engine.sync_engine):
                event.listen(engine, "connect", _enforce_foreign_keys)
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
        Connect once. Blocks: call it from a worker thread.

        Raises:
            DatabaseUnreachable: No connection could be opened.
        """
        try:
            with self.sync_engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except SQLAlchemyError as error:
            # Only the driver's first line: it names host and reason, never the password.
            cause = getattr(error, "orig", error)
            reason = next(iter(str(cause).strip().splitlines()), type(cause).__name__)
            shown = self.url.render_as_string(hide_password=True)
            msg = f"cannot connect to {shown}: {reason}. Check that the server runs and that DATABASE_URL names it"
            raise DatabaseUnreachable(msg) from None

    async def dispose(self) -> None:
        """Close every pooled connection of both engines. Connections still in use are closed when they are returned."""
        await self.async_engine.dispose()
        self.sync_engine.dispose()


def _enforce_foreign_keys(connection: Any, _record: object) -> None:
    # SQLite ignores ON DELETE CASCADE unless each connection asks for it: https://sqlite.org/foreignkeys.html#fk_enable
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()
