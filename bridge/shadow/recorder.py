"""Record an exchange while it passes by."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bridge.shadow.exchange import Exchange, RecordedRequest
from bridge.shadow.replay import ResponseRecorder

if TYPE_CHECKING:
    from bridge.stages import Path
    from bridge.types import Message, Receive, Scope, Send

__all__ = ["Recorder", "recorded_request"]


class Recorder:
    """
    Passes the messages of one exchange on, unchanged, and keeps their bytes up to a limit.

    Attributes:
        send: Passes a message to the client.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send, *, max_body_bytes: int) -> None:
        """
        Args:
            scope: Of the request.
            receive: The client's messages.
            send: Takes the answer.
            max_body_bytes: Largest body that is kept, in bytes, of the request and of the response.
        """
        self._scope = scope
        self._receive = receive
        self.send = ResponseRecorder(max_bytes=max_body_bytes, send=send)
        self._left = max_body_bytes
        self._body: list[bytes] = []
        self._started = datetime.now(UTC)
        self._began_at = time.perf_counter()

    @property
    def too_large(self) -> bool:
        """Whether a body was larger than the limit."""
        return self._left < 0 or self.send.too_large

    @property
    def body(self) -> bytes:
        """The body of the request, as far as it was read."""
        return b"".join(self._body)

    async def receive(self) -> Message:
        """Return the next message of the client."""
        message = await self._receive()
        block: bytes = message.get("body", b"")
        if block:
            self._left -= len(block)
            if self._left < 0:
                self._body.clear()
            else:
                self._body.append(block)
        return message

    def exchange(self, path: Path, *, error: str | None = None) -> Exchange:
        """
        Return what was recorded.

        Args:
            path: The path that answered.
            error: The name of the exception that it ended with.
        """
        elapsed_s = time.perf_counter() - self._began_at
        request = recorded_request(self._scope, self.body)
        return Exchange(path, request, self.send.response, self._started, elapsed_s, error=error)


def recorded_request(scope: Scope, body: bytes) -> RecordedRequest:
    """Return the request of an ASGI *scope* with its *body*."""
    headers = tuple((bytes(name).lower(), bytes(value)) for name, value in scope["headers"])
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope.get("query_string", b"")
    target = raw + b"?" + query if query else raw
    return RecordedRequest(scope["method"], target.decode("latin-1"), headers, body)
