"""Units of work of a control: they join one connection, one after the other, and commit for real."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

from bridge.database.joined_side import in_event_loop, joined_session
from bridge.database.unit_of_work import async_unit_of_work
from bridge.errors import ConnectionOutsideCheck

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from contextlib import AbstractAsyncContextManager

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

    from bridge.database.database import Database
    from bridge.database.joined_side import Sessions

__all__ = ["ControlUnits"]


class ControlUnits:
    """
    The units of work of a control.

    Attributes:
        connection: What they join.
        committed: Whether one of them has committed.
        refused: Whether the event loop would have had to wait for a synchronous connection; the control cannot run there.
    """

    def __init__(self, database: Database, connection: AsyncConnection, close: Callable[[], Awaitable[None]]) -> None:
        self.connection = connection
        self.committed = False
        self.refused = False
        self._database = database
        self._close = close
        self._busy = False
        self._ended = False

    def join(
        self, database: Database, sessions: Sessions, *, read_only: bool
    ) -> AbstractAsyncContextManager[AsyncSession] | None:
        """Open a unit of work; None where one is open, it is for another database, only reads, or comes after the answer."""
        if self._busy or self._ended or read_only or database is not self._database:
            return None
        return self._unit(sessions)

    def check_out(self, *, synchronous: bool) -> None:
        """
        Let the control have a connection of its own, but not a synchronous one on the event loop.

        Raises:
            ConnectionOutsideCheck: The event loop would wait for the connection, perhaps for ever: who holds what it waits for may
                need the loop to go on.
        """
        if synchronous and self._busy and in_event_loop():
            self.refused = True
            msg = (
                "a legacy function whose writes are checked runs on the event loop, and was to use a connection of its own there: "
                "have it use the session it is given, or check it on its own path"
            )
            raise ConnectionOutsideCheck(msg)

    def guard(self, statement: str) -> str:
        """Let every *statement* pass: what the control does is done."""
        return statement

    async def end(self) -> None:
        """Let units of work that begin from now on have connections of their own, and return this one as soon as it is free."""
        self._ended = True
        if not self._busy:
            await self._close()

    @asynccontextmanager
    async def _unit(self, sessions: Sessions) -> AsyncIterator[AsyncSession]:
        session = joined_session(self.connection, sessions, "control_fully")
        event.listen(session.sync_session, "after_commit", self._note_commit)
        self._busy = True
        try:
            async with async_unit_of_work(lambda: session, patience=self._database.stopping.cut_after):
                yield session
        finally:
            self._busy = False
            if self._ended:
                await self._close()

    def _note_commit(self, _session: Any) -> None:
        self.committed = True
