"""Read the body of a request that two paths are to get."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.types import Message, Receive

__all__ = ["WholeBody"]


class WholeBody:
    """
    Reads a body to its end or to a limit, and gives what was read to whoever asks, as it came.

    Attributes:
        content: The body; None where it is larger than the limit, or the client went away before its end.
    """

    def __init__(self, receive: Receive, *, max_bytes: int) -> None:
        """
        Args:
            receive: The client's messages.
            max_bytes: Largest body that is read.
        """
        self.content: bytes | None = None
        self._receive = receive
        self._left = max_bytes
        self._messages: list[Message] = []

    async def read(self) -> bytes | None:
        """Read to the end or to the limit, and return `content`."""
        more = True
        while more and self._left >= 0:
            message = await self._receive()
            self._messages.append(message)
            if message["type"] != "http.request":
                return None
            self._left -= len(message.get("body", b""))
            more = message.get("more_body", False)
        if not more and self._left >= 0:
            self.content = b"".join(message.get("body", b"") for message in self._messages)
        return self.content

    def replay(self) -> Receive:
        """Return a ``receive`` that gives the messages that were read, then those that follow."""
        messages = iter(self._messages)

        async def receive() -> Message:
            for message in messages:
                return message
            return await self._receive()

        return receive
