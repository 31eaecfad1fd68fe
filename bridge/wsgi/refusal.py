"""The adapter's own responses: requests it refuses, and applications that failed."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from bridge.errors import RequestRejected, Unavailable

if TYPE_CHECKING:
    from bridge.types import Receive, Scope, Send

__all__ = ["deny_websocket", "refuse"]


async def refuse(scope: Scope, send: Send, error: RequestRejected | Unavailable | None = None) -> None:
    """
    Answer in plain text, never quoting the request, and have the server close the connection.

    Args:
        scope: The scope of the request.
        send: The ASGI callable.
        error: Why the request is refused; None is a failure of the application, 500.
    """
    status = error.status if error is not None else HTTPStatus.INTERNAL_SERVER_ERROR
    # What an overload says names functions and limits, which are for the log.
    named = isinstance(error, RequestRejected) and error.args
    reason = error.args[0] if error is not None and named else HTTPStatus(status).phrase
    text = f"{reason}\n".encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(text)).encode())]
    if scope.get("http_version", "1.1").startswith("1"):
        # The rest of the body may be unread, and must not be taken for the next request. HTTP/2 has no such header.
        headers.append((b"connection", b"close"))
    if isinstance(error, Unavailable):
        headers.append((b"retry-after", str(error.retry_after).encode()))
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    body = b"" if scope["method"] == "HEAD" else text
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def deny_websocket(scope: Scope, receive: Receive, send: Send) -> None:
    """Refuse a WebSocket handshake with 403, which is what a server makes of an early close."""
    await receive()
    if "websocket.http.response" in (scope.get("extensions") or {}):
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"9")]
        await send({"type": "websocket.http.response.start", "status": 403, "headers": headers})
        await send({"type": "websocket.http.response.body", "body": b"Forbidden", "more_body": False})
    else:
        await send({"type": "websocket.close", "code": 1000})
