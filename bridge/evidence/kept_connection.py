"""One connection outside of the pools, kept open for what is done every second."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import DataError

from bridge.database import sqlstate_of
from bridge.errors import EvidenceRefused, EvidenceStoreUnavailable
from bridge.offload import finish

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy.ext.asyncio import AsyncConnection

    from bridge.database import Database

__all__ = ["KeptConnection"]

# The class of SQLSTATEs for values that are too long, too large or not in the encoding:
# https://www.postgresql.org/docs/current/errcodes-appendix.html
DATA: Final = "22"


class KeptConnection:
    """
    A connection outside of the pools, for one user at a time; opened when it is needed, and again after any failure.

    The guard has to read and to roll back just when every pooled connection is taken.
    """

    def __init__(self, database: Database, *, timeout: float) -> None:
        """
        Args:
            database: Where to connect; made as the connections of its asynchronous engine are.
            timeout: Seconds that a transaction may take, with the wait for those before it.
        """
        self._database = database
        self._timeout = timeout
        self._engine = database.separate_engine()
        self._connection: AsyncConnection | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._turn = asyncio.Lock()

    def __repr__(self) -> str:
        return repr(self._database.url.render_as_string(hide_password=True))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """
        Open one transaction, and commit it at the end.

        Raises:
            EvidenceRefused: A value does not fit, so nothing was changed, and nothing would be if it were tried again.
            EvidenceStoreUnavailable: The database cannot be reached, has no such tables, or did not answer in time; whether the
                transaction was committed is unknown.

        Cancellation:
            Rolls back, and closes the connection.
        """
        try:
            async with asyncio.timeout(self._timeout), self._my_turn():
                try:
                    connection = await self._open()
                    async with connection.begin():
                        yield connection
                except BaseException:  # a cancellation as well: what was begun must not be kept
                    await finish(self._drop())
                    raise
        except TimeoutError:
            msg = f"{self!r} has not answered within {self._timeout:g} s: check that the server runs and can be reached"
            raise EvidenceStoreUnavailable(msg) from None
        except Exception as error:
            # Only the driver's first line: it names host and reason, never the password.
            cause = getattr(error, "orig", None) or error
            reason = next(iter(str(cause).strip().splitlines()), type(cause).__name__)
            if _is_of_the_data(error):
                msg = f"{self!r} refuses a value: {reason}"
                raise EvidenceRefused(msg) from error
            msg = f"{self!r}: {reason}. Check that the server can be reached, and that create_tables() was called once"
            raise EvidenceStoreUnavailable(msg) from error

    async def close(self) -> None:
        """Close the connection; the next use opens another one, on whatever event loop it is."""
        async with self._my_turn():
            await self._drop()
            await self._engine.dispose()

    @asynccontextmanager
    async def _my_turn(self) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        moved, self._loop = self._loop is not loop, loop
        if moved:
            self._turn = asyncio.Lock()
        async with self._turn:
            if moved:
                # It belongs to a loop that has ended, or to the process that has forked this one.
                await self._drop()
            yield

    async def _open(self) -> AsyncConnection:
        if self._connection is None:
            self._connection = await self._engine.connect()
        return self._connection

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                # First invalidated, because a polite close may wait for a server that is gone.
                await connection.invalidate()
            with suppress(Exception):
                await connection.close()


def _is_of_the_data(error: Exception) -> bool:
    """Tell a value that does not fit from a table that is not as it should be, which somebody may mend at any time."""
    return isinstance(error, DataError) or (sqlstate_of(error) or "").startswith(DATA)
