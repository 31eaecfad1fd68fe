"""Port of the Flask application's request-id hook, for the requests that Flask does not see."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bridge.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["RequestIdMiddleware"]

HEADER: Final = b"x-request-id"
ACCEPTABLE: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class RequestIdMiddleware:
    """ASGI middleware: every response carries the client's request id, or a new one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == HEADER), b"")
        request_id = given if ACCEPTABLE.fullmatch(given) else uuid.uuid4().hex.encode()

        async def labelled(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                if not any(name.lower() == HEADER for name, _ in headers):
                    message = {**message, "headers": [*headers, (HEADER, request_id)]}
            await send(message)

        await self._app(scope, receive, labelled)
