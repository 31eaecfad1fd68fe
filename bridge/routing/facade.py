"""The ASGI application in front of both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bridge.routing.endpoint import PATH_KEY
from bridge.stages import Path

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bridge.routing.operations import OperationTable
    from bridge.routing.rules import Resolver
    from bridge.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Facade"]

PATH_HEADER: Final = b"bridge-path"


class Facade:
    """
    ASGI middleware that resolves each request once and sends it to FastAPI or to Flask.

    It starts and closes the bridge with the application's lifespan.
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
        self._make_resolver = resolver
        self._resolver: Resolver | None = None
        self._table = table
        self._path_header = path_header
        self._start = start
        self._close = close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] == "lifespan":
            await self._fastapi(scope, receive, self._with_lifespan(send))
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        else:
            await self._fastapi(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._resolver is None:
            # Not before the first request: routes may be added until then, and test clients do not always run the lifespan.
            self._resolver = self._make_resolver()
        found = self._resolver.resolve(scope["method"], _route_path(scope))
        path: Path | None = None
        if found.operation is not None:
            path = self._table.path_of(found.operation)
        elif not found.fastapi:
            path = Path.FLASK
        scope[PATH_KEY] = path
        if path is not None and self._path_header:
            send = _with_path_header(send, path)
        await (self._flask if path is Path.FLASK else self._fastapi)(scope, receive, send)

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


def _with_path_header(send: Send, path: Path) -> Send:
    header = (PATH_HEADER, path.value.encode())

    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), header]}
        await send(message)

    return wrapped


def _route_path(scope: Scope) -> str:
    path: str = scope["path"]
    root: str = scope.get("root_path", "").rstrip("/")
    # Only at a segment boundary: /v10 is not below /v1.
    return path[len(root) :] or "/" if root and f"{path}/".startswith(f"{root}/") else path
