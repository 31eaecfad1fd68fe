"""The ASGI application in front of both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bridge.routing.endpoint import OPERATION_KEY, PATH_KEY
from bridge.stages import Path

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bridge.routing.operations import OperationTable
    from bridge.routing.resolver import Resolution, Resolver
    from bridge.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Facade"]

PATH_HEADER: Final = b"bridge-path"


class Facade:
    """
    ASGI middleware that resolves each request once and sends it to FastAPI or to Flask.

    It starts and closes the bridge with the application's lifespan. WebSocket connections are FastAPI's.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        flask: ASGIApp,
        resolver: Callable[[], Resolver],
        table: OperationTable,
        path_header: bool,
        start: Callable[[], Awaitable[None]],
        close: Callable[[], Awaitable[None]],
    ) -> None:
        self._fastapi = app
        self._flask = flask
        self._resolver = resolver
        self._table = table
        self._path_header = path_header
        self._start = start
        self._close = close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._fastapi(scope, receive, self._with_lifespan(send))
        else:
            await self._fastapi(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Not before the first request: routes may be added until then, and test clients do not always run the lifespan.
        found = self._resolver().resolve(scope)
        path = self._path(found)
        if path is not None and self._path_header:
            send = _with_header(send, (PATH_HEADER, path.value.encode()))
        if path is Path.FLASK:
            await self._flask(scope, receive, _with_allow(send, found.allow) if found.allow else send)
            return
        scope = {**scope, PATH_KEY: path, OPERATION_KEY: found.operation}
        if found.as_get:
            scope["method"] = "GET"
            send = _without_body(send)
        await self._fastapi(scope, receive, send)

    def _path(self, found: Resolution) -> Path | None:
        if not found.fastapi:
            return Path.FLASK
        if found.operation is None:
            return None
        path = self._table.path_of(found.operation)
        return Path.NATIVE if path is Path.FLASK and not found.paired else path

    def _with_lifespan(self, send: Send) -> Send:
        async def wrapped(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                try:
                    await self._start()
                except Exception as error:
                    await send({"type": "lifespan.startup.failed", "message": str(error)})
                    raise
            elif message["type"] == "lifespan.shutdown.complete":
                await self._close()
            await send(message)

        return wrapped


def _with_header(send: Send, header: tuple[bytes, bytes]) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), header]}
        await send(message)

    return wrapped


def _with_allow(send: Send, methods: frozenset[str]) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [
                (name, _joined(value, methods) if name.lower() == b"allow" else value)
                for name, value in message["headers"]
            ]
            message = {**message, "headers": headers}
        await send(message)

    return wrapped


def _joined(allow: bytes, methods: frozenset[str]) -> bytes:
    known = {word.strip() for word in allow.decode("latin-1").split(",")}
    return ", ".join(sorted(known | methods)).encode("latin-1")


def _without_body(send: Send) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return wrapped
