"""Which path's units of work join a connection, as the tasks of that path know it."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import sessionmaker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractAsyncContextManager

    from sqlalchemy import Engine
    from sqlalchemy.ext.asyncio import AsyncConnection

    from bridge.database.database import Database

__all__ = ["SIDE", "Sessions", "Side", "in_event_loop", "joined_session", "joined_unit", "on_side", "watch_checkouts"]


Sessions: TypeAlias = sessionmaker[Any] | async_sessionmaker[Any]


class Side(Protocol):
    """The units of work of one path."""

    def join(
        self, database: Database, sessions: Sessions, *, read_only: bool
    ) -> AbstractAsyncContextManager[AsyncSession] | None:
        """
        Open a unit of work on the connection; None where it has to have one of its own.

        Args:
            database: The database that it is for.
            sessions: Has the settings of its session.
            read_only: Refuse writes.
        """

    def check_out(self, *, synchronous: bool) -> None:
        """
        Refuse to give this path a connection of its own, where it may not have one.

        Args:
            synchronous: It is one of the synchronous engine.
        """

    def guard(self, statement: str) -> str:
        """Return what to send on the connection instead of *statement*, mostly itself; refuse what this path must not send."""


# The path that the current task belongs to; None outside of checks.
SIDE: Final[ContextVar[Side | None]] = ContextVar("bridge.database.side", default=None)


@contextmanager
def on_side(side: Side) -> Iterator[None]:
    """Have what the block starts belong to *side*."""
    before = SIDE.get()
    SIDE.set(side)
    try:
        yield
    finally:
        SIDE.set(before)  # not by a token, which would not do if the block ended in another context


def joined_unit(
    database: Database, sessions: Sessions, *, read_only: bool = False
) -> AbstractAsyncContextManager[AsyncSession] | None:
    """
    Open a unit of work on the connection that those of this task join; None if there is none, or it is not for this one.

    Args:
        database: The database that it is for.
        sessions: Has the settings of its session.
        read_only: Refuse writes.

    Raises:
        JoinedConnectionBusy: The path is being checked, and another of its tasks has a unit of work open.
        ConnectionOutsideCheck: The path is being checked, and this unit of work could not be rolled back with it.
    """
    side = SIDE.get()
    return None if side is None else side.join(database, sessions, read_only=read_only)


def joined_session(connection: AsyncConnection, sessions: Sessions, mode: str) -> AsyncSession:
    """
    Return a session on *connection*.

    Args:
        connection: Where its transactions are.
        sessions: Has its settings.
        mode: How it joins a transaction there is, in SQLAlchemy's words.
    """
    settings = {name: value for name, value in sessions.kw.items() if name != "bind"}
    settings["join_transaction_mode"] = mode
    if isinstance(sessions, async_sessionmaker):
        session: AsyncSession = sessions.class_(connection, **settings)
        return session
    return AsyncSession(connection, sync_session_class=sessions.class_, **settings)


def watch_checkouts(engine: Engine, *, synchronous: bool) -> None:
    """
    Ask the path of the current task before it gets a connection of *engine*.

    Args:
        engine: A synchronous engine, or the synchronous face of an asynchronous one.
        synchronous: Which of them it is.
    """

    def ask(*_: Any) -> None:
        side = SIDE.get()
        if side is not None:
            side.check_out(synchronous=synchronous)

    event.listen(engine, "checkout", ask)


def in_event_loop() -> bool:
    """Tell whether this thread runs an event loop now, which must not wait for a synchronous driver."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
