"""A request body that the application reads while the client still sends it."""

from __future__ import annotations

import asyncio
import io
import threading
from typing import TYPE_CHECKING

from werkzeug import exceptions

from bridge.errors import ClientDisconnected, RequestBodyTooLarge, RequestRejected

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["Inbox"]


class Inbox(io.RawIOBase):
    """
    A bounded buffer between the event loop, which feeds it, and a worker thread, which reads it as a file.

    The file never ends early: once `fail` was called, every read raises.
    """

    def __init__(self, limit_bytes: int) -> None:
        """
        Args:
            limit_bytes: `feed` waits for the reader while more bytes than that are unread.
        """
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._limit_bytes = limit_bytes
        self._changed = threading.Condition()
        self._room = asyncio.Event()
        self._buffer = bytearray()
        self._ended = False
        self._error: RequestRejected | None = None

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """
        Read what has arrived, waiting for at least one byte; called on the worker thread.

        Raises:
            werkzeug.exceptions.ClientDisconnected: The client went away, or the request was cancelled.
            werkzeug.exceptions.RequestEntityTooLarge: More than ``max_body_bytes`` arrived.
            werkzeug.exceptions.BadRequest: The body is not as long as its Content-Length.
        """
        with memoryview(buffer).cast("B") as view, self._changed:
            self._changed.wait_for(lambda: self._buffer or self._ended or self._error)
            if self._error is not None:
                # Flask answers an exception of Werkzeug's with its status, and would log any other as a crash.
                raise _for_flask(self._error) from self._error
            count = min(len(view), len(self._buffer))
            view[:count] = self._buffer[:count]
            del self._buffer[:count]
            full = len(self._buffer) > self._limit_bytes
        if not full and not self._room.is_set():
            self._loop.call_soon_threadsafe(self._room.set)
        return count

    async def feed(self, block: bytes, *, more: bool) -> None:
        """Add what has arrived, and wait while the reader is behind; called on the event loop."""
        with self._changed:
            self._buffer += block
            self._ended = not more
            if len(self._buffer) > self._limit_bytes and more:
                self._room.clear()
            else:
                self._room.set()
            self._changed.notify_all()
        await self._room.wait()

    def fail(self, error: RequestRejected) -> None:
        """Make every read raise, unless the whole body has already arrived; called on the event loop."""
        with self._changed:
            if not self._ended:
                self._error = error
            self._changed.notify_all()
        self._room.set()


def _for_flask(error: RequestRejected) -> exceptions.HTTPException:
    text = error.args[0] if error.args else None
    if isinstance(error, ClientDisconnected):
        return exceptions.ClientDisconnected(text)
    if isinstance(error, RequestBodyTooLarge):
        return exceptions.RequestEntityTooLarge(text)
    return exceptions.BadRequest(text)
