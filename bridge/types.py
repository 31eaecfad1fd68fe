"""Aliases for the ASGI and WSGI interfaces, spelled once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

__all__ = ["FAILURES_KEY", "ASGIApp", "Message", "Receive", "Scope", "Send", "WSGIApp"]

# In the scope of a request that is checked: a list of the names of exceptions that were answered as a failure of the server.
FAILURES_KEY: Final = "bridge.failures"

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
ASGIApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
WSGIApp: TypeAlias = "Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]"
