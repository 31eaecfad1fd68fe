"""A client that speaks ASGI in process, so that any header, chunking and disconnect can be expressed exactly."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bridge.types import ASGIApp, Message, Scope

__all__ = ["Connection", "fetch", "http_scope"]

Headers = "Iterable[tuple[bytes, bytes]]"


def http_scope(path: str = "/", headers: Iterable[tuple[bytes, bytes]] = (), **changes: Any) -> Scope:
    """Return the scope of a GET request, with *changes*."""
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode("ascii") if path.isascii() else None,
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"example.org"), *headers],
        "client": ("192.0.2.1", 4711),
        "server": ("example.org", 80),
        "extensions": {},
    }
    scope.update(changes)
    return scope


class Connection:
    """
    One request, sent message by message.

    As under uvicorn, what is sent to a client that has gone vanishes without an error.
    """

    def __init__(self, app: ASGIApp, scope: Scope) -> None:
        self._app = app
        self._scope = scope
        self._inbound: asyncio.Queue[Message] = asyncio.Queue()
        self._progress = asyncio.Condition()
        self.gone = asyncio.Event()
        self.reading = asyncio.Event()  # cleared: the client does not read, so that send() waits
        self.reading.set()
        self.sent: list[Message] = []
        self.task: asyncio.Task[None] | None = None

    def start(self) -> asyncio.Task[None]:
        self.task = asyncio.create_task(self._run())
        return self.task

    async def _run(self) -> None:
        try:
            await self._app(self._scope, self._receive, self._send)
        finally:
            async with self._progress:
                self._progress.notify_all()

    def body(self, *blocks: bytes, more: bool = False) -> None:
        """Send *blocks*, each as a message of its own."""
        last = len(blocks) - 1
        for index, block in enumerate(blocks):
            self._inbound.put_nowait({"type": "http.request", "body": block, "more_body": more or index < last})

    def disconnect(self) -> None:
        self.gone.set()
        self._inbound.put_nowait({"type": "http.disconnect"})

    async def _receive(self) -> Message:
        if self.gone.is_set() and self._inbound.empty():
            return {"type": "http.disconnect"}
        return await self._inbound.get()

    async def _send(self, message: Message) -> None:
        if not self.reading.is_set():
            await self.reading.wait()
        if not self.gone.is_set():
            async with self._progress:
                self.sent.append(message)
                self._progress.notify_all()

    async def until(self, data: bytes) -> None:
        """Wait until the client has received *data*, or the application is done."""
        done = self.task
        async with self._progress:
            await self._progress.wait_for(lambda: data in self.content or (done is not None and done.done()))

    @property
    def status(self) -> int:
        starts = [message["status"] for message in self.sent if message["type"] == "http.response.start"]
        assert len(starts) == 1, f"{len(starts)} responses were started"
        return int(starts[0])

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        for message in self.sent:
            if message["type"] == "http.response.start":
                return [(bytes(name).lower(), bytes(value)) for name, value in message["headers"]]
        return []

    def header(self, name: str) -> list[str]:
        return [value.decode("latin-1") for key, value in self.headers if key == name.encode()]

    @property
    def content(self) -> bytes:
        return b"".join(m.get("body", b"") for m in self.sent if m["type"] == "http.response.body")

    @property
    def complete(self) -> bool:
        """Whether the client can tell that it has got everything."""
        bodies = [m for m in self.sent if m["type"] == "http.response.body"]
        return bool(bodies) and not bodies[-1].get("more_body", False)


async def fetch(app: ASGIApp, scope: Scope | None = None, *blocks: bytes) -> Connection:
    """Send a whole request, wait for the whole response."""
    connection = Connection(app, scope if scope is not None else http_scope())
    connection.body(*(blocks or (b"",)))
    await connection.start()
    return connection
