"""Stages in the team's own database."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.schema import CreateTable

from bridge.database import wait_to_create
from bridge.database.table_prefix import PREFIX
from bridge.errors import BridgeError, ConfigurationError, StageConflict, StageStoreUnavailable
from bridge.offload import finish, wait_at_most
from bridge.stages.listening import listening, notify
from bridge.stages.sql_tables import StageTables
from bridge.stages.store import StageChange, StageEntry, require_version

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence

    from sqlalchemy import MetaData
    from sqlalchemy.engine import Row
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from bridge.database import Database

__all__ = ["SQLStageStore"]

# Each is lost only to another change that went through.
ATTEMPTS: Final = 20
# SQLSTATE of a serialization failure and of a deadlock on PostgreSQL; the numbers of a deadlock and of a changed row on MariaDB.
LOST: Final = {"40001", "40P01", 1213, 1020}


class SQLStageStore:
    """
    Keeps stages and their history in two tables, ``bridge_stages`` and ``bridge_stage_changes``, unless they are given another prefix.

    It has a connection of its own for each process, outside of the pools, because stages have to be followed first of all when every
    connection is taken; a change opens another one for its time. PostgreSQL with asyncpg announces changes, which arrive within
    milliseconds; elsewhere, and behind a pooler in transaction mode, the table is polled.
    """

    def __init__(
        self,
        database: Database,
        *,
        poll_every: float = 0.4,
        poll_listening: float = 5.0,
        timeout: float = 5.0,
        prefix: str = PREFIX,
    ) -> None:
        """
        Args:
            database: Where the tables are; the connections are made as those of its asynchronous engine are.
            poll_every: Seconds between two looks where changes are not announced.
            poll_listening: Seconds between two looks where they are, in case an announcement is lost.
            timeout: Seconds that any answer of the database may take.
            prefix: What the names of its tables begin with; another one for each service that has its tables in the same schema.

        Raises:
            ConfigurationError: A time is not positive, or no name of a table can begin with *prefix*.
        """
        if min(poll_every, poll_listening, timeout) <= 0:
            msg = f"poll_every={poll_every}, poll_listening={poll_listening}, timeout={timeout}: each has to be more than 0 seconds"
            raise ConfigurationError(msg)
        self._database = database
        self._poll_every = poll_every
        self._poll_listening = poll_listening
        self._timeout = timeout
        self._tables = StageTables(prefix)
        self._channel = self._tables.stages.name
        # Keeps no connection, so it may be used from one event loop after another.
        self._engine: AsyncEngine = database.separate_engine()

    def __repr__(self) -> str:
        return f"SQLStageStore({self._database.url.render_as_string(hide_password=True)!r})"

    @property
    def metadata(self) -> MetaData:
        """The two tables, for a migration tool."""
        return self._tables.metadata

    async def create_tables(self) -> None:
        """
        Create the tables that are missing; several processes may do so at once.

        Raises:
            StageStoreUnavailable: The database cannot be reached, or the role may not create tables.
        """
        async with self._reaching(), self._engine.begin() as connection:
            await wait_to_create(connection)
            for table in self._tables.metadata.sorted_tables:
                await connection.execute(CreateTable(table, if_not_exists=True))

    async def load(self) -> Mapping[str, StageEntry]:
        """
        Return every entry.

        Raises:
            StageStoreUnavailable: The database cannot be reached, or has no such tables.
        """
        async with self._reaching(), self._reader().connect() as connection:
            return await self._entries(connection)

    async def change(self, operation: str, setting: str, *, who: str, why: str, expected: int | None) -> StageChange:
        """
        Set *operation*; see `StageStore.change`.

        Raises:
            StageConflict: Somebody has changed it since.
            StageStoreUnavailable: The database cannot be reached, or has no such tables.
        """
        async with self._reaching(), self._engine.connect() as connection:
            for _ in range(ATTEMPTS):
                async with connection.begin():
                    entry = await self._entry(connection, operation)
                    last = await self._history(connection, operation, 1)
                require_version(operation, expected, entry.version if entry else 0, last[0] if last else None)
                change = StageChange(
                    operation=operation,
                    before=entry.setting if entry else None,
                    after=setting,
                    version=entry.version + 1 if entry else 1,
                    who=who,
                    why=why,
                    at=datetime.now(UTC),
                )
                # Somebody may be faster between the look and the change: then the look is taken again.
                if await self._write(connection, change):
                    return change
        msg = f"{operation!r} is being changed all the time: after {ATTEMPTS} attempts this change has not gone through"
        raise StageConflict(msg)

    async def history(self, operation: str | None = None, *, limit: int = 100) -> Sequence[StageChange]:
        """
        Return the newest *limit* changes, newest first.

        Raises:
            StageStoreUnavailable: The database cannot be reached, or has no such tables.
        """
        async with self._reaching(), self._reader().connect() as connection:
            return await self._history(connection, operation, limit)

    async def follow(self) -> AsyncGenerator[Mapping[str, StageEntry], None]:
        """
        Yield every entry, and again when a change was announced or it is time to look.

        Raises:
            StageStoreUnavailable: The database cannot be reached, or has no such tables.
        """
        changed = asyncio.Event()
        async with AsyncExitStack() as opened:
            async with self._reaching():
                connection = await self._reader().connect()
                opened.push_async_callback(_drop, connection)
                pooler = self._database.pool.transaction_pooler
                hearing = listening(connection, changed, channel=self._channel, transaction_pooler=pooler)
                announced = await opened.enter_async_context(hearing)
            while True:
                changed.clear()
                async with self._reaching():
                    entries = await self._entries(connection)
                yield entries
                await wait_at_most(changed, self._poll_listening if announced else self._poll_every)

    async def close(self) -> None:
        """Let go of the engine; the next use is as the first."""
        await self._engine.dispose()

    def _reader(self) -> AsyncEngine:
        # A transaction would see the same rows for ever on MySQL, and hear of no change on PostgreSQL.
        return self._engine.execution_options(isolation_level="AUTOCOMMIT")

    async def _write(self, connection: AsyncConnection, change: StageChange) -> bool:
        stages, row = self._tables.stages, {"setting": change.after, "version": change.version}
        try:
            async with connection.begin():
                if change.version == 1:
                    await connection.execute(insert(stages).values(operation=change.operation, **row))
                else:
                    there = (stages.c.operation == change.operation) & (stages.c.version == change.version - 1)
                    if (await connection.execute(update(stages).where(there).values(row))).rowcount != 1:
                        return False
                await connection.execute(insert(self._tables.changes).values(_row_of(change)))
                await notify(connection, self._channel)
        except IntegrityError:
            return False
        except DBAPIError as error:
            if _lost_to_another(error):
                return False
            raise
        return True

    async def _entries(self, connection: AsyncConnection) -> dict[str, StageEntry]:
        stages = self._tables.stages
        found = await connection.execute(select(stages.c.operation, stages.c.setting, stages.c.version))
        return {operation: StageEntry(setting, version) for operation, setting, version in found}

    async def _entry(self, connection: AsyncConnection, operation: str) -> StageEntry | None:
        stages = self._tables.stages
        chosen = select(stages.c.setting, stages.c.version).where(stages.c.operation == operation)
        found = (await connection.execute(chosen)).one_or_none()
        return StageEntry(*found) if found else None

    async def _history(self, connection: AsyncConnection, operation: str | None, limit: int) -> list[StageChange]:
        changes = self._tables.changes
        newest = select(changes).order_by(changes.c.id.desc()).limit(limit)
        if operation is not None:
            newest = newest.where(changes.c.operation == operation)
        return [_change_of(row) for row in await connection.execute(newest)]

    @asynccontextmanager
    async def _reaching(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._timeout):
                yield
        except BridgeError:
            raise
        except TimeoutError:
            msg = f"{self!r} has not answered within {self._timeout:g} s: check that the server runs and can be reached"
            raise StageStoreUnavailable(msg) from None
        except Exception as error:
            # Only the driver's first line: it names host and reason, never the password.
            cause = getattr(error, "orig", error)
            reason = next(iter(str(cause).strip().splitlines()), type(cause).__name__)
            msg = f"{self!r}: {reason}. Check that the server can be reached, and that create_tables() was called once"
            raise StageStoreUnavailable(msg) from error


def _lost_to_another(error: DBAPIError) -> bool:
    cause: Any = error.orig
    return bool({getattr(cause, "sqlstate", None), *getattr(cause, "args", ())[:1]} & LOST)


async def _drop(connection: AsyncConnection) -> None:
    with suppress(Exception):
        # First invalidated, because a polite close may wait for a server that is gone.
        await finish(connection.invalidate())
    with suppress(Exception):
        await finish(connection.close())


def _row_of(change: StageChange) -> dict[str, Any]:
    return {
        "operation": change.operation,
        "version": change.version,
        "setting_before": change.before,
        "setting_after": change.after,
        "who": change.who,
        "why": change.why,
        "changed_at": change.at,
    }


def _change_of(row: Row[Any]) -> StageChange:
    return StageChange(
        operation=row.operation,
        before=row.setting_before,
        after=row.setting_after,
        version=row.version,
        who=row.who,
        why=row.why,
        at=row.changed_at,
    )
