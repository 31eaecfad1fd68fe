"""The response on its way from the worker thread to the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from bridge.errors import ClientDisconnected

if TYPE_CHECKING:
    from bridge.wsgi.response import Head

__all__ = ["Delivery", "Outbox"]


class Delivery(NamedTuple):
    """
    What the event loop has to send next.

    Attributes:
        head: Status and headers, None before the response has started.
        data: Bytes of the body that have not been delivered before.
        complete: Nothing follows *data*.
    """

    head: Head | None
    data: bytes
    complete: bool


class Outbox:
    """
    A bounded buffer between one worker thread, which fills it, and the event loop, which empties it.

    The thread runs ahead of the client by at most ``limit_bytes``, and is told here when to stop. Nothing waits in it
    for more to come: PEP 3333 forbids to delay a block that the application has yielded.
    """

    def __init__(self, limit_bytes: int) -> None:
        """
        Args:
            limit_bytes: `put` waits while that many bytes are undelivered.
        """
        self._loop = asyncio.get_running_loop()
        self._limit_bytes = limit_bytes
        self._lock = threading.Lock()
        self._room = threading.Condition(self._lock)
        self._ready = asyncio.Event()
        self._head: Head | None = None
        self._blocks: deque[bytes] = deque()
        self._bytes = 0
        self._complete = False
        self._stopped = False

    def wanted(self) -> bool:
        """Return whether somebody still wants the response; called by the thread."""
        return not self._stopped

    def check(self) -> None:
        """
        Return if somebody still wants the response; called by the thread.

        Raises:
            ClientDisconnected: Nobody wants the rest of the response.
        """
        if not self.wanted():
            msg = "the client went away before the end of the response"
            raise ClientDisconnected(msg)

    def put(self, head: Head, data: bytes) -> None:
        """
        Add a block, and wait for room before it; called by the thread.

        Raises:
            ClientDisconnected: Nobody wants the rest of the response.
        """
        with self._room:
            self._room.wait_for(lambda: self._bytes < self._limit_bytes or self._stopped)
            self.check()
            self._head = head
            self._blocks.append(data)
            self._bytes += len(data)
        self._wake()

    def finish(self, head: Head, data: bytes = b"") -> None:
        """Add the last block, without waiting; called by the thread."""
        with self._lock:
            self._head = head
            self._blocks.append(data)
            self._bytes += len(data)
            self._complete = True

    def publish(self) -> None:
        """Deliver now what `finish` has added, instead of when the thread is done; called by the thread."""
        self._wake()

    def _wake(self) -> None:
        if not self._ready.is_set():
            self._loop.call_soon_threadsafe(self._ready.set)

    def wake(self) -> None:
        """Let `take` return; called on the event loop when the thread is done."""
        self._ready.set()

    async def take(self) -> Delivery:
        """Wait for the thread to add something, or to be done, and return it; called on the event loop."""
        await self._ready.wait()
        with self._room:
            self._ready.clear()
            data = self._blocks[0] if len(self._blocks) == 1 else b"".join(self._blocks)
            self._blocks.clear()
            self._bytes = 0
            self._room.notify_all()
            return Delivery(self._head, data, self._complete)

    def stop(self) -> None:
        """Make the thread stop at its next block, or not begin at all; called on the event loop."""
        with self._room:
            self._stopped = True
            self._room.notify_all()
