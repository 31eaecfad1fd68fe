"""Read which rows a path writes, in each transaction before its end."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from bridge.database import is_reading, watched_transactions
from bridge.shadow.write_merging import CapturedWrite, merge
from bridge.shadow.write_schema import CAPTURE, TAKE, UNSEEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

    from bridge.shadow.writes import WriteSet

__all__ = ["WriteRecording", "record_writes", "watch_transactions"]

logger = logging.getLogger("bridge.shadow")


class WriteRecording:
    """
    What one path writes, over all of its transactions.

    Attributes:
        reason: Why nobody can tell; None where somebody can.
    """

    def __init__(self) -> None:
        self.reason: str | None = "it ran no transaction that could be watched"
        self._captured: list[CapturedWrite] = []
        self._unseen: dict[str, int] = {}

    def begin(self, connection: Connection) -> None:
        """Capture what is written on *connection* until its transaction ends."""
        installed = connection.exec_driver_sql(CAPTURE).scalar_one()
        self.reason = None if installed else NOT_INSTALLED
        if installed:
            self._unseen = _unseen(connection)

    def take(self, connection: Connection) -> None:
        """Read what was written on *connection* since, and have it forgotten."""
        if self.reason is None:
            rows = (CapturedWrite(*row) for row in connection.exec_driver_sql(TAKE))
            self._captured += [row for row in rows if row.operation != "UNSEEN" or self._is_new(row)]

    def commit(self, connection: Connection) -> None:
        """
        Do as `take`, in a transaction that is about to be committed, and whatever comes of it let the commit go on.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: The commit would fail, because a deferred constraint is violated.
        """
        if self.reason is not None:
            return
        try:
            # What deferred triggers write belongs to the transaction as well.
            connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")
        except SQLAlchemyError:
            # As after a COMMIT that failed: SQLAlchemy takes the transaction for ended.
            connection.dialect.do_rollback(connection.connection)
            raise
        connection.exec_driver_sql("SAVEPOINT bridge_taking")
        try:
            self.take(connection)
        except SQLAlchemyError as error:
            connection.exec_driver_sql("ROLLBACK TO SAVEPOINT bridge_taking")
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """Note that the rows cannot be read."""
        self.reason = f"what it wrote could not be read: {type(error).__name__}"
        logger.warning("what a checked path wrote could not be read: %s", error)

    def _is_new(self, unseen: CapturedWrite) -> bool:
        return int(unseen.after or 0) > self._unseen.get(unseen.table, 0)

    def write_set(self) -> WriteSet | None:
        """Return what was written; None where nobody can tell."""
        return merge(self._captured) if self.reason is None else None


NOT_INSTALLED: Final = "write set not captured: install the triggers of WriteCapture"
CURRENT: Final[ContextVar[WriteRecording | None]] = ContextVar("bridge.shadow.write_recording", default=None)


@contextmanager
def record_writes() -> Iterator[WriteRecording]:
    """Record what the transactions of the block write, on the engines that are watched."""
    recording = WriteRecording()
    before = CURRENT.get()
    CURRENT.set(recording)
    try:
        with watched_transactions():
            yield recording
    finally:
        CURRENT.set(before)


def watch_transactions(engine: Engine) -> None:
    """Have transactions on *engine*, or the synchronous face of an asynchronous one, tell what they write where somebody records it."""
    for name, listener in (("begin", _begin), ("commit", _commit)):
        if not event.contains(engine, name, listener):
            event.listen(engine, name, listener)


def _begin(connection: Connection) -> None:
    recording = CURRENT.get()
    if recording is not None and not _is_autocommit(connection):
        recording.begin(connection)


def _commit(connection: Connection) -> None:
    recording = CURRENT.get()
    # A read-only unit has written nothing, and refuses the statements that this takes.
    if recording is not None and not _is_autocommit(connection) and not is_reading(connection):
        recording.commit(connection)


def _unseen(connection: Connection) -> dict[str, int]:
    rows = (CapturedWrite(*row) for row in connection.exec_driver_sql(UNSEEN))
    return {row.table: int(row.after or 0) for row in rows}


def _is_autocommit(connection: Connection) -> bool:
    return connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT"
