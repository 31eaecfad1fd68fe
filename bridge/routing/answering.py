"""Have one path answer a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bridge.routing.endpoint import OPERATION_KEY, PATH_KEY
from bridge.stages import Path

if TYPE_CHECKING:
    from bridge.routing.resolver import Resolution
    from bridge.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Answerer", "Watch"]

PATH_HEADER: Final = b"bridge-path"


class Answerer:
    """Sends a request to the side that has the wanted path."""

    def __init__(self, *, flask: ASGIApp, fastapi: ASGIApp) -> None:
        """
        Args:
            flask: Serves the Flask application.
            fastapi: The FastAPI application behind the facade.
        """
        self._flask = flask
        self._fastapi = fastapi

    async def answer(self, found: Resolution, path: Path | None, scope: Scope, receive: Receive, send: Send) -> None:
        """
        Answer the request of *scope*.

        Args:
            found: What the request addresses.
            path: The path that answers; None leaves it to a FastAPI route that no router of the bridge declares.
            scope: Of type ``http``; left as it is.
            receive: The client's messages.
            send: Takes the answer.
        """
        if path is Path.FLASK:
            await self._flask(scope, receive, _with_allow(send, found.allow) if found.allow else send)
            return
        scope = {**scope, PATH_KEY: path, OPERATION_KEY: found.operation}
        if found.as_get:
            scope["method"] = "GET"
            send = _without_body(send)
        await self._fastapi(scope, receive, send)


class Watch:
    """
    Passes an answer on, with the name of its path.

    Attributes:
        status: HTTP status of the answer; None until it has started.
    """

    __slots__ = ("_header", "_send", "status")

    def __init__(self, send: Send, path: Path | None, *, path_header: bool) -> None:
        self._send = send
        self._header = (PATH_HEADER, path.value.encode()) if path is not None and path_header else None
        self.status: int | None = None

    async def send(self, message: Message) -> None:
        """Pass a message on."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self._header is not None:
                message = {**message, "headers": [*message.get("headers", ()), self._header]}
        await self._send(message)


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
