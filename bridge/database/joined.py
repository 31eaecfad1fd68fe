"""
Several units of work on one connection: two paths of one request, of which only the second may leave anything behind.

The first, the candidate, runs inside a savepoint that is rolled back, whatever happens. The second, the control, then takes the
connection over and commits for real, in the transaction that the candidate began: both see one ``now()``.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import event, text

from bridge.database.candidate_units import CandidateUnits, watch_locks
from bridge.database.control_units import ControlUnits
from bridge.database.joined_side import SIDE, on_side
from bridge.database.session_reset import leaves_locks
from bridge.errors import WritesNotCheckable
from bridge.offload import finish

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncTransaction

    from bridge.database.database import Database

__all__ = ["Joined", "join_units", "require_joinable"]

logger = logging.getLogger("bridge.database")

# What a statement sees changes with each; at a higher level, a candidate's snapshot and locks would outlive its savepoint.
SHARED_LEVELS: Final = frozenset({"read committed", "read uncommitted"})


def require_joinable(database: Database) -> None:
    """
    Raises:
        WritesNotCheckable: *database* has no pair of drivers whose units of work can join one connection.
    """
    if database.pair.asynchronous != "asyncpg":
        msg = (
            f"writes through {database.pair.asynchronous} cannot be checked: it takes PostgreSQL with asyncpg, "
            "where both paths run on one connection; check reads only"
        )
        raise WritesNotCheckable(msg)


@asynccontextmanager
async def join_units(database: Database) -> AsyncIterator[Joined]:
    """
    Take one connection for two paths of a request.

    Args:
        database: The database of both paths; PostgreSQL with asyncpg.

    Raises:
        WritesNotCheckable: It is another.

    Cancellation:
        Both paths are rolled back as far as they have not committed, and the connection is returned first.
    """
    require_joinable(database)
    watch_locks(database.async_engine.sync_engine)
    connection = await database.async_engine.connect()
    joined = Joined(database, connection)
    event.listen(connection.sync_connection, "before_cursor_execute", joined.guard, retval=True)
    try:
        yield joined
    finally:
        await joined.close()


class Joined:
    """The connection; made by `join_units`. The candidate goes first, then the control, each once."""

    def __init__(self, database: Database, connection: AsyncConnection) -> None:
        self._database = database
        self._connection = connection
        self._patience = database.stopping.cut_after
        self._closed = False

    @asynccontextmanager
    async def candidate(self, *, lock_timeout: float, deadline: float) -> AsyncIterator[CandidateUnits]:
        """
        Run the units of work of the block, and of tasks that it starts, inside a savepoint, and roll back to it at the end.

        What they commit is checked as a commit would, deferred constraints included, and seen by those that follow.

        Args:
            lock_timeout: Seconds that a statement may wait for a lock.
            deadline: Seconds after which no further statement is sent. Together with *lock_timeout* below the server's ``deadlock_timeout``, so
                that whoever waits for the candidate and looks for a deadlock finds none.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: The transaction could not be begun.

        Cancellation:
            Delivered after the roll-back. If that fails or takes longer than the database's ``cut_after``, the connection is cut, and
            the control has to do without it.
        """
        await self._connection.begin()
        savepoint = await self._connection.begin_nested()
        level = await self._connection.scalar(
            text("SELECT current_setting('transaction_isolation') FROM set_config('lock_timeout', :lock_ms, true)"),
            {"lock_ms": f"{lock_timeout * 1000:.0f}ms"},
        )
        side = CandidateUnits(self._database, self._connection, deadline=deadline)
        try:
            with on_side(side):
                yield side
        finally:
            side.end()
            await finish(self._roll_back(savepoint, whole=level not in SHARED_LEVELS))

    @asynccontextmanager
    async def control(self) -> AsyncIterator[ControlUnits | None]:
        """
        Run the units of work of the block on the connection, one after the other, and commit them for real.

        Yields None if the candidate has lost the connection: the units of work then have connections of their own, as without a check.
        """
        if self._closed or self._connection.invalidated:
            yield None
            return
        side = ControlUnits(self._database, self._connection, self.close)
        with on_side(side):
            try:
                yield side
            finally:
                await side.end()

    async def close(self) -> None:
        """Roll back what is not committed, and return the connection."""
        if not self._closed:
            self._closed = True
            await finish(self._connection.close())

    @staticmethod
    def guard(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: object) -> tuple[str, Any]:
        """Return what is sent instead of *statement*; refuse one that would end the candidate's savepoint, or comes after its end."""
        side = SIDE.get()
        return (statement if side is None else side.guard(statement)), parameters

    async def _roll_back(self, savepoint: AsyncTransaction, *, whole: bool) -> None:
        try:
            async with asyncio.timeout(self._patience):
                if not self._connection.invalidated:
                    await savepoint.rollback()
                    await self._release_locks()
                    if whole:
                        await self._connection.rollback()
                    if not self._connection.in_nested_transaction():
                        return
        except Exception as error:  # noqa: BLE001  # whatever kept it from rolling back, the server does when the connection is gone
            logger.warning("a candidate could not be rolled back, and its connection is cut: %r", error)
        if not self._connection.invalidated:
            await self._connection.invalidate()

    async def _release_locks(self) -> None:
        # Those of the session outlive a savepoint. The connection comes from the pool, so that every one is the candidate's.
        if leaves_locks(self._connection):
            await self._connection.execute(text("SELECT pg_advisory_unlock_all()"))
