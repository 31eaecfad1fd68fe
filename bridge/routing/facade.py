"""The ASGI application in front of both sides."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from bridge.routing.answering import Watch
from bridge.stages import Path

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bridge.routing.answering import Answerer
    from bridge.routing.checking import Checking
    from bridge.routing.operations import Operation, OperationTable
    from bridge.routing.resolver import Resolution
    from bridge.shadow import Load
    from bridge.stages import Decision
    from bridge.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Facade"]


class Facade:
    """
    ASGI middleware that resolves each request once and sends it to FastAPI or to Flask.

    It starts and closes the bridge with the application's lifespan. WebSocket connections are FastAPI's.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        answering: Callable[[ASGIApp], Answerer],
        checking: Callable[[Answerer], Checking],
        resolve: Callable[[Scope], Awaitable[Resolution]],
        table: OperationTable,
        load: Load,
        served: Callable[[Operation, Path, int | None, str | None, float], object] | None,
        path_header: bool,
        start: Callable[[], Awaitable[None]],
        close: Callable[[], Awaitable[None]],
    ) -> None:
        """
        Args:
            app: The FastAPI application.
            answering: Makes what has one path answer.
            checking: Makes what checks the other path.
            resolve: Tells who answers the request of a scope.
            table: The declared operations, and their stages.
            load: Is told when requests begin and end.
            served: Is told of each answered request: operation, path, status, name of the exception it ended with, seconds; None if
                nobody counts.
            path_header: Name the path in the answer.
            start: Called when the application has started.
            close: Called when it has shut down.
        """
        self._fastapi = app
        self._answerer = answering(app)
        self._checking = checking(self._answerer)
        self._resolve = resolve
        self._table = table
        self._load = load
        self._served = served
        self._path_header = path_header
        self._start = start
        self._close = close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] == "http":
            self._load.enter()
            try:
                await self._http(scope, receive, send)
            finally:
                self._load.leave()
        elif scope["type"] == "lifespan":
            await self._fastapi(scope, receive, self._with_lifespan(send))
        else:
            await self._fastapi(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Not before the first request: routes may be added until then, and test clients do not always run the lifespan.
        found = await self._resolve(scope)
        operation = found.operation
        if operation is None or not found.fastapi:
            path = None if found.fastapi else Path.FLASK
            await self._answerer.answer(found, path, scope, receive, self._watch(send, path).send)
            return
        decision = self._table.decide(operation, scope)
        path = _control(found, operation, decision)
        watch, error, began_at = self._watch(send, path), None, perf_counter()
        try:
            if decision.checks and self._checking.wants(found, operation, path, scope):
                await self._checking.serve(found, path, scope, receive, watch.send)
            else:
                await self._answerer.answer(found, path, scope, receive, watch.send)
        except BaseException as raised:  # a cancellation as well: it is counted, and goes on
            error = type(raised).__name__
            raise
        finally:
            # What a tester asks for says nothing about what callers get.
            if self._served is not None and not decision.overridden:
                self._served(operation, path, watch.status, error, perf_counter() - began_at)

    def _watch(self, send: Send, path: Path | None) -> Watch:
        return Watch(send, path, path_header=self._path_header)

    def _with_lifespan(self, send: Send) -> Send:
        async def wrapped(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                try:
                    await self._start()
                except Exception as error:  # the server is told, and it goes on
                    await send({"type": "lifespan.startup.failed", "message": str(error)})
                    raise
            elif message["type"] == "lifespan.shutdown.complete":
                await self._close()
            await send(message)

        return wrapped


def _control(found: Resolution, operation: Operation, decision: Decision) -> Path:
    path = operation.path_for(decision)
    # Where Flask has no view and there is no legacy function, the port is all there is.
    return Path.NATIVE if path is Path.FLASK and not found.paired else path
