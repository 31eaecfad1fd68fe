"""The rules of HTTP for a response body, applied on the worker thread."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bridge.errors import InvalidWSGIResponse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridge.wsgi.outbox import Outbox
    from bridge.wsgi.response import Head

__all__ = ["ResponseWriter"]

logger = logging.getLogger("bridge.wsgi")


class ResponseWriter:
    """
    Writes one response into an outbox: no body where HTTP has none, and never more than Content-Length.

    Attributes:
        head: Status and headers; may be replaced until `started`.
        started: Whether the head is on its way, so that it cannot be replaced any more.
        satisfied: Whether the client needs nothing more from the application.
    """

    __slots__ = ("_head_only", "_label", "_outbox", "_written", "head", "satisfied", "started")

    def __init__(self, outbox: Outbox, method: str, label: str) -> None:
        """
        Args:
            outbox: Where the response goes.
            method: The request method: HEAD has no body.
            label: Names the request in log records.
        """
        self._outbox = outbox
        self._head_only = method == "HEAD"
        self._label = label
        self._written = 0
        self.head: Head | None = None
        self.started = False
        self.satisfied = False

    def write(self, block: bytes) -> None:
        """
        Send a block, which may wait for a slow client; an empty one only checks whether to go on.

        Raises:
            ClientDisconnected: Nobody wants the rest of the response.
            InvalidWSGIResponse: *block* is not bytes, or ``start_response`` was not called before it.
        """
        if block == b"":
            # Some middleware yields an empty block to call start_response late; PEP 3333 lets a server ignore it.
            self._outbox.check()
            return
        head, block = self._checked(block)
        if block:
            self.started = True
            self._outbox.put(head, block)

    def finish_all(self, blocks: Sequence[bytes]) -> None:
        """
        Send a whole body at once, without waiting.

        Raises:
            InvalidWSGIResponse: As `finish`; nothing has been sent then.
        """
        for block in blocks:
            _check_type(block)
        self.finish(blocks[0] if len(blocks) == 1 else b"".join(blocks))

    def finish(self, block: bytes = b"") -> None:
        """
        Send the last block, without waiting.

        Raises:
            InvalidWSGIResponse: As `write`, or the body is shorter than its Content-Length.
        """
        head, block = self._checked(block)
        if head.length is not None and self._written < head.length and not self._bodiless(head):
            msg = f"Content-Length of the response is {head.length}, but its body has {self._written} bytes"
            raise InvalidWSGIResponse(msg)
        self.started = True
        self._outbox.finish(head, block)

    def publish(self) -> None:
        """Deliver what `finish` has sent now, instead of when the thread is done."""
        self._outbox.publish()

    def _bodiless(self, head: Head) -> bool:
        return self._head_only or head.bodiless

    def _checked(self, block: bytes) -> tuple[Head, bytes]:
        head = self.head
        _check_type(block)
        if head is None:
            if not block:
                msg = "the application has not called start_response"
                raise InvalidWSGIResponse(msg)
            msg = "the application has sent a body without calling start_response"
            raise InvalidWSGIResponse(msg)
        if self._bodiless(head):
            self.satisfied = self.satisfied or bool(block)
            return head, b""
        self._written += len(block)
        if head.length is not None and self._written > head.length:
            block = block[: head.length - self._written]
            if not self.satisfied:
                logger.error(
                    "%s: the body is longer than its Content-Length of %d bytes; it was cut", self._label, head.length
                )
            self._written = head.length
            self.satisfied = True
        return head, block


def _check_type(block: object) -> None:
    if not isinstance(block, bytes):
        msg = f"the body must be made of bytes, not {type(block).__name__}: encode it"
        raise InvalidWSGIResponse(msg)
