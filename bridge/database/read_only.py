"""Units of work that only read: no transaction to begin and end, and no way to write by mistake."""

from __future__ import annotations

import re
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import event

from bridge.database.statements import only_reads
from bridge.errors import WriteInReadOnlyUnit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import Session

__all__ = [
    "has_transaction",
    "is_reading",
    "mark_reading",
    "prepare_reading",
    "reads_without_transaction",
    "refuse_write",
    "refuse_write_in_savepoint",
    "watched_transactions",
]

READING: Final = "bridge.reading"
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


def prepare_reading(engine: Engine) -> None:
    """
    Refuse statements that write, lock rows, set something or a savepoint on *engine*, before they are sent, in the sessions that
    `mark_reading` marks.

    A function that a SELECT calls may write; that cannot be seen from here.

    Args:
        engine: A synchronous engine, or the synchronous face of an asynchronous one.
    """
    # What a statement is does not change, and applications repeat theirs: this saves the second look.
    seen: set[str] = set()

    def before(
        connection: Connection, _cursor: Any, statement: str, _parameters: Any, context: Any, *_: object
    ) -> None:
        reading = connection.info.get(READING)
        if reading is None:
            return
        options = context.execution_options if context is not None else {}
        if reading is WITHOUT_TRANSACTION and (options.get("stream_results") or options.get("yield_per")):
            # A cursor of the server's lives in a transaction.
            connection.info[READING] = IN_TRANSACTION
            _raw(connection).autocommit = False
        if statement in seen:
            return
        refuse_write(engine.dialect.name, statement)
        if len(seen) < REMEMBERED:
            seen.add(statement)

    def release(connection: Any, record: Any) -> None:
        # One that another listener has just replaced is closed.
        if record.info.pop(READING, None) is WITHOUT_TRANSACTION and record.dbapi_connection is not None:
            connection.autocommit = False

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "checkin", release)


def mark_reading(sessions: Any, engine: Engine, *, without_transaction: bool) -> None:
    """
    Make *sessions* read-only where they use *engine*.

    Not by an engine with execution options: SQLAlchemy then asks two engines for listeners at each event, and sets and resets the
    isolation level at each checkout.

    Args:
        sessions: A `sessionmaker` or a class of sessions.
        engine: The engine that `prepare_reading` has prepared.
        without_transaction: What `reads_without_transaction` says of it.
    """

    def begin(session: Session, _transaction: object, connection: Connection) -> None:
        if connection.engine is not engine or READING in connection.info:
            return
        session.info[READING] = connection.info
        if (
            not without_transaction or WATCHED.get() or "isolation_level" in connection.get_execution_options()
        ):  # somebody wants one snapshot
            connection.info[READING] = IN_TRANSACTION
            return
        connection.info[READING] = WITHOUT_TRANSACTION
        _raw(connection).autocommit = True

    event.listen(sessions, "after_begin", begin)


def refuse_write_in_savepoint(connection: Connection, _cursor: Any, statement: str, *_: object) -> None:
    """Do for a session on a connection that it shares, as a listener, what `mark_reading` does for one with its own."""
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
