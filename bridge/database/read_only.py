"""Units of work that only read: no transaction to begin and end, and no way to write by mistake."""

from __future__ import annotations

import re
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from bridge.database.statements import needs_transaction, only_reads
from bridge.errors import WriteInReadOnlyUnit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection, Engine

__all__ = [
    "Reading",
    "has_transaction",
    "is_reading",
    "reads_without_transaction",
    "refuse_write",
    "refuse_write_in_savepoint",
    "watched_transactions",
]

S = TypeVar("S", Session, AsyncSession)

READING, READS_BY = "bridge.reading", "bridge.reads_by"
# Whether somebody watches the transactions of the running code, so that reads need one as well.
WATCHED: Final[ContextVar[bool]] = ContextVar("bridge.database.watched", default=False)
IN_TRANSACTION, WITHOUT_TRANSACTION = "in a transaction", "without"

# Where each statement has a snapshot of its own anyway, nothing is lost without a transaction.
SNAPSHOT_PER_STATEMENT: Final = frozenset({None, "READ COMMITTED", "AUTOCOMMIT"})
# What a session needs to join a transaction that is not its own.
JOINS: Final = re.compile(r"SAVEPOINT|RELEASE|ROLLBACK\s+TO|SET\s+CONSTRAINTS", re.IGNORECASE)
# As many statements as SQLAlchemy keeps compiled.
REMEMBERED: Final = 500
REMEDY: Final = "run it without read_only, or move the write to an operation that is not read-only"


def reads_without_transaction(engine: Engine, isolation_level: str | None) -> bool:
    """
    Return whether reads on *engine* see the same rows without a transaction around them.

    True for PostgreSQL at READ COMMITTED. At a higher level, and on MySQL and SQLite, a transaction has one snapshot.

    Args:
        engine: The engine.
        isolation_level: Its isolation level, as `sqlalchemy.create_engine` takes it; None is the server's default.
    """
    return engine.dialect.name == "postgresql" and isolation_level in SNAPSHOT_PER_STATEMENT


def refuse_write(backend: str, statement: str) -> None:
    """
    Raises:
        WriteInReadOnlyUnit: *statement* writes, locks rows, sets something or a savepoint, or its text does not tell.
    """
    if not only_reads(backend, statement):
        keyword = statement.split(None, 1)[0] if statement.strip() else "an empty statement"
        msg = f"a read-only unit of work was to run {keyword}, which does not only read as far as its text tells: {REMEDY}"
        raise WriteInReadOnlyUnit(msg)


class Reading:
    """
    Makes the sessions of read-only units of work on one engine.

    They refuse statements that write, lock rows, set something or a savepoint, before they are sent. A function that a SELECT calls
    may write; that cannot be seen from here.

    It is the session that knows that it only reads, and not its factory, so that it has what every other session of the
    factory has. Nor is it an engine with execution options: SQLAlchemy then asks two engines for listeners at each event, and sets
    and resets the isolation level at each checkout.

    Args:
        engine: A synchronous engine, or the synchronous face of an asynchronous one.
        kind: The class of its sessions; those of another class cost some microseconds more.
        without_transaction: What `reads_without_transaction` says of the engine.
    """

    def __init__(self, engine: Engine, kind: type[Session], *, without_transaction: bool) -> None:
        self._engine = engine
        self._kind = kind
        self._without_transaction = without_transaction
        # What a statement is does not change, and applications repeat theirs: this saves the second look.
        self._needs_transaction: dict[str, bool] = {}
        # First, because other listeners may run statements.
        event.listen(kind, "after_begin", _begin, insert=True)
        event.listen(engine, "before_cursor_execute", self._judge)
        event.listen(engine, "checkin", _release)

    def session(self, sessions: Callable[[], S]) -> S:
        """Return a session of *sessions* that only reads where it uses the engine."""
        made = sessions()
        session = made.sync_session if isinstance(made, AsyncSession) else made
        if not isinstance(session, self._kind):
            # Not to its class, whose listeners other threads may be calling now.
            event.listen(session, "after_begin", _begin)
        session.info[READS_BY] = self
        return made

    def begin(self, session: Session, connection: Connection) -> None:
        """Note that *session* reads on *connection*, and take away the transaction that it does not need."""
        if connection.engine.pool is not self._engine.pool or READING in connection.info:
            return
        session.info[READING] = connection.info
        if (
            not self._without_transaction
            or WATCHED.get()
            or "isolation_level" in connection.get_execution_options()  # somebody wants one snapshot
            or _has_begun(connection)
        ):
            connection.info[READING] = IN_TRANSACTION
            return
        connection.info[READING] = WITHOUT_TRANSACTION
        _raw(connection).autocommit = True

    def _judge(
        self, connection: Connection, _cursor: Any, statement: str, _parameters: Any, context: Any, *_: object
    ) -> None:
        reading = connection.info.get(READING)
        if reading is None:
            return
        needs = self._needs_transaction.get(statement)
        if needs is None:
            refuse_write(self._engine.dialect.name, statement)
            needs = needs_transaction(statement)
            if len(self._needs_transaction) < REMEMBERED:
                self._needs_transaction[statement] = needs
        options = context.execution_options if context is not None else {}
        # A cursor of the server's lives in a transaction, too.
        if reading is WITHOUT_TRANSACTION and (needs or options.get("stream_results") or options.get("yield_per")):
            connection.info[READING] = IN_TRANSACTION
            _raw(connection).autocommit = False


def _begin(session: Session, _transaction: object, connection: Connection) -> None:
    reading: Reading | None = session.info.get(READS_BY)
    if reading is not None:
        reading.begin(session, connection)


def _release(connection: Any, record: Any) -> None:
    # One that another listener has just replaced is closed.
    if record.info.pop(READING, None) is WITHOUT_TRANSACTION and record.dbapi_connection is not None:
        connection.autocommit = False


def _has_begun(connection: Connection) -> bool:
    # A listener has sent something already, perhaps a setting for the transaction.
    driver: Any = connection.connection.driver_connection
    if connection.dialect.driver == "asyncpg":
        return bool(driver.is_in_transaction())
    return bool(driver.info.transaction_status)


def refuse_write_in_savepoint(connection: Connection, _cursor: Any, statement: str, *_: object) -> None:
    """Do for a session on a connection that it shares, as a listener, what `Reading` does for one with its own."""
    if not JOINS.match(statement):
        refuse_write(connection.dialect.name, statement)


@contextmanager
def watched_transactions() -> Iterator[None]:
    """Have read-only units of work of the block keep their transactions."""
    before = WATCHED.get()
    WATCHED.set(True)
    try:
        yield
    finally:
        WATCHED.set(before)


def is_reading(connection: Connection) -> bool:
    """Return whether a read-only unit of work uses *connection*."""
    return READING in connection.info


def has_transaction(session: AsyncSession) -> bool:
    """Return whether read-only *session* has a transaction on the server, which its end has to be sent for."""
    used = session.info.get(READING)
    return used is not None and used.get(READING) is IN_TRANSACTION


def _raw(connection: Connection) -> Any:
    return connection.connection.dbapi_connection
