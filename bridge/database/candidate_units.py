"""Units of work of a candidate: they join one connection, and nothing of them stays."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from contextvars import ContextVar
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy import event

from bridge.database.joined_side import SIDE, joined_session
from bridge.database.parity import sqlstate_of
from bridge.database.pending import forget_pending_writes
from bridge.database.read_only import refuse_write_in_savepoint
from bridge.database.unit_of_work import async_unit_of_work
from bridge.errors import ConnectionOutsideCheck, DeadlineExceeded, JoinedConnectionBusy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine import ExceptionContext
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
    from sqlalchemy.orm import Session

    from bridge.database.database import Database
    from bridge.database.joined_side import Sessions

__all__ = ["CandidateUnits", "watch_locks"]

T = TypeVar("T")

COMMENT: Final = r"(?:\s+|--[^\n]*(?:\n|\Z)|/\*.*?\*/)*"
ENDS_TRANSACTION: Final = re.compile(
    COMMENT
    + rf"(?:COMMIT|END|ABORT|BEGIN|START\s+TRANSACTION|PREPARE\s+TRANSACTION|ROLLBACK(?!{COMMENT}(?:WORK\s+|TRANSACTION\s+)?TO\b))\b",
    re.IGNORECASE | re.DOTALL,
)
RELEASES: Final = re.compile(COMMENT + r"RELEASE\b", re.IGNORECASE | re.DOTALL)
NOTHING: Final = "SELECT"
# lock_not_available, of which a timeout is one, and deadlock_detected.
BLOCKED: Final = frozenset({"55P03", "40P01"})
UNDOES: Final = re.compile(r"ROLLBACK\s+TO\b", re.IGNORECASE)
# Each transaction begins with every constraint as its definition has it.
DEFER_AGAIN: Final = """DO $$ DECLARE deferred text; BEGIN
SELECT string_agg(DISTINCT format('%I.%I', nspname, conname), ', ') INTO deferred
FROM pg_constraint JOIN pg_namespace ON pg_namespace.oid = connamespace WHERE condeferred;
IF deferred IS NOT NULL THEN EXECUTE 'SET CONSTRAINTS ' || deferred || ' DEFERRED'; END IF; END $$"""

# The units of work that are open around the current task, outermost first.
AROUND: Final[ContextVar[tuple[object, ...]]] = ContextVar("bridge.database.around", default=())


class CandidateUnits:
    """
    The units of work of a candidate.

    Attributes:
        connection: What they join.
        refused: What it was kept from, in the order of the attempts; each was an error in the candidate as well.
        late: Whether it was to send a statement after its deadline.
        blocked: Whether a statement was given up because somebody else held a lock.
    """

    def __init__(self, database: Database, connection: AsyncConnection, *, deadline: float) -> None:
        self.connection = connection
        self.refused: list[str] = []
        self.late = False
        self.blocked = False
        self._deadline = deadline
        self._until = monotonic() + deadline
        self._database = database
        self._open: list[object] = []
        self._ended = False

    def join(
        self, database: Database, sessions: Sessions, *, read_only: bool
    ) -> AbstractAsyncContextManager[AsyncSession]:
        """
        Open a unit of work inside those that are open around this task.

        Raises:
            JoinedConnectionBusy: Another task has one open.
            ConnectionOutsideCheck: It is for another database, or the candidate has ended.
        """
        if database is not self._database:
            self._refuse("open a unit of work on another database", ConnectionOutsideCheck)
        if self._ended:
            self._refuse("open a unit of work after its answer", ConnectionOutsideCheck)
        if list(AROUND.get()) != self._open:
            self._refuse("run two units of work at once", JoinedConnectionBusy)
        return self._unit(sessions, read_only=read_only)

    def check_out(self, *, synchronous: bool) -> None:  # noqa: ARG002 - every side has it
        """
        Raises:
            ConnectionOutsideCheck: Always.
        """
        self._refuse("use a connection of its own", ConnectionOutsideCheck)

    def guard(self, statement: str) -> str:
        """
        Let *statement* of the candidate pass, unless it releases a savepoint.

        To whoever waits for a row that was written in a savepoint, its roll-back is the end of the wait. Its release hands them over to the
        whole transaction, so that they would wait for the control as well, which may come to wait for them. So none is released.

        Raises:
            ConnectionOutsideCheck: It would end the transaction, or the candidate has ended.
            DeadlineExceeded: The candidate's deadline has passed.
        """
        if self._ended:
            self._refuse("run SQL after its answer", ConnectionOutsideCheck)
        # Judged here, because a loop that is late itself would stop the candidate late: by then it might wait for a lock while somebody who
        # waits for one of its own looks for a deadlock.
        if monotonic() > self._until and not UNDOES.match(statement):
            self.late = True
            msg = f"a candidate took longer than its {self._deadline:g} s: raise CheckSettings(write_deadline=...), or make it faster"
            raise DeadlineExceeded(msg)
        if ENDS_TRANSACTION.match(statement):
            self._refuse(f"run {statement.split(None, 1)[0].upper()} as SQL", ConnectionOutsideCheck)
        return NOTHING if RELEASES.match(statement) else statement

    async def run(self, fn: Callable[[Connection], T]) -> T:
        """Run on the connection what belongs to the check, and not to the candidate."""
        before = SIDE.get()
        SIDE.set(None)
        try:
            return await self.connection.run_sync(fn)
        finally:
            SIDE.set(before)

    def end(self) -> None:
        """Refuse whatever comes after the answer."""
        self._ended = True

    @asynccontextmanager
    async def _unit(self, sessions: Sessions, *, read_only: bool) -> AsyncIterator[AsyncSession]:
        session = joined_session(self.connection, sessions, "create_savepoint")
        event.listen(session.sync_session, "before_commit", _check_constraints)
        event.listen(session.sync_session, "after_commit", _forget_pending_writes)
        sync_connection = self.connection.sync_connection
        me, around = object(), AROUND.get()
        self._open.append(me)
        AROUND.set((*around, me))
        if read_only:
            event.listen(sync_connection, "before_cursor_execute", refuse_write_in_savepoint)
        try:
            async with async_unit_of_work(lambda: session, patience=self._database.stopping.cut_after):
                yield session
        finally:
            if read_only:
                event.remove(sync_connection, "before_cursor_execute", refuse_write_in_savepoint)
            self._open.remove(me)
            AROUND.set(around)

    def _refuse(self, what: str, error: type[ConnectionOutsideCheck | JoinedConnectionBusy]) -> None:
        self.refused.append(what)
        msg = f"a candidate was to {what}, {REASONS[error]}"
        raise error(msg)


REASONS: Final[dict[type, str]] = {
    ConnectionOutsideCheck: (
        "which could not be rolled back: use the session that the route is given, or do not check the writes of this operation"
    ),
    JoinedConnectionBusy: (
        "and they share one connection: await the first before the second begins, or do not check the writes of this operation"
    ),
}


def watch_locks(engine: Engine) -> None:
    """Have candidates on *engine*, the synchronous face of an asynchronous one, know when they were given up for a lock."""
    if not event.contains(engine, "handle_error", _note_blocked):
        event.listen(engine, "handle_error", _note_blocked)


def _note_blocked(context: ExceptionContext) -> None:
    side = SIDE.get()
    if isinstance(side, CandidateUnits) and sqlstate_of(context.original_exception) in BLOCKED:
        side.blocked = True


def _check_constraints(session: Session) -> None:
    # What a commit would do. Afterwards the candidate may go on, as in a transaction of its own.
    session.flush()
    connection = session.connection()
    connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")
    adapted: Any = connection.connection.dbapi_connection
    # Past the listeners, for which a DO may leave anything in the session.
    adapted.run_async(lambda driver: driver.execute(DEFER_AGAIN))


def _forget_pending_writes(_session: Session) -> None:
    forget_pending_writes()
