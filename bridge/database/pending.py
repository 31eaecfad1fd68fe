"""Notice a bridged call that would wait for its own caller."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import event

from bridge.database.statements import only_reads
from bridge.errors import NativeTransactionPending

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine
    from sqlalchemy.ext.asyncio import AsyncSession

__all__ = ["forget_pending_writes", "native_transaction", "refuse_pending_writes", "watch_writes"]

READS: Final = ("SELECT", "SHOW", "SET TRANS", "SAVEPOINT", "RELEASE", "ROLLBACK", "PRAGMA", "EXPLAIN", "VALUES")


class NativeTransaction:
    """The native unit of work of a task; *wrote* is whether it has written and not yet committed."""

    __slots__ = ("session", "wrote")

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.wrote = False


OPEN: Final[ContextVar[NativeTransaction | None]] = ContextVar("bridge.database.native", default=None)


@contextmanager
def native_transaction(session: AsyncSession) -> Iterator[None]:
    """Mark the block as the native unit of work of *session*."""
    token = OPEN.set(NativeTransaction(session))
    try:
        yield
    finally:
        OPEN.reset(token)


def watch_writes(engine: Engine) -> None:
    """Follow what native units of work write through *engine*, the synchronous face of an asynchronous one."""

    def note(_connection: Any, _cursor: Any, statement: str, *_: object) -> None:
        native = OPEN.get()
        # What is no plain read may write; WITH may be either, and is judged by what it holds.
        head = statement.lstrip()[:9].upper()
        if (
            native is not None
            and not head.startswith(READS)
            and not (head.startswith("WITH") and only_reads(engine.dialect.name, statement))
        ):
            native.wrote = True

    def forget(_connection: Any) -> None:
        forget_pending_writes()

    event.listen(engine, "before_cursor_execute", note)
    event.listen(engine, "commit", forget)
    event.listen(engine, "rollback", forget)


def forget_pending_writes() -> None:
    """Note that the native unit of work of this task has committed or rolled back what it wrote."""
    native = OPEN.get()
    if native is not None:
        native.wrote = False


def refuse_pending_writes(name: str) -> None:
    """
    Refuse a bridged call while the native transaction of the same task has uncommitted writes.

    Args:
        name: The function to be called, for the message.

    Raises:
        NativeTransactionPending: It has: the call runs on another connection, would not see them, and could wait for their locks
            while they wait for the call, where no database sees a deadlock.
    """
    native = OPEN.get()
    if native is None:
        return
    session = native.session.sync_session
    if native.wrote or session.new or session.dirty or session.deleted:
        msg = (
            f"{name} runs on a connection of its own, but the native session of this request has uncommitted writes: "
            "commit before the call, call it first, or port it"
        )
        raise NativeTransactionPending(msg)
