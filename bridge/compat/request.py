"""A request that reads query and body with Flask's rules."""

from __future__ import annotations

from functools import cached_property
from json import loads
from typing import TYPE_CHECKING, Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request

from bridge.compat.query import FirstValueParams

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bridge.types import Receive, Scope

__all__ = ["UNDECODABLE", "FlaskRequest"]


class Undecodable:
    """Stands for a body that is not JSON."""


UNDECODABLE: Final = Undecodable()


class FlaskRequest(Request):
    """
    A Starlette request with three of Flask's habits.

    The first of several query values counts. A body that is not JSON, or is larger than ``MAX_CONTENT_LENGTH``, is reported when
    the parameters are validated, after the dependencies have run: a Flask view checks who is logged in before it reads the body.
    """

    def __init__(self, scope: Scope, receive: Receive, *, max_bytes: int | None, validated: bool) -> None:
        """
        Args:
            scope: ASGI scope.
            receive: ASGI receive.
            max_bytes: Largest body that is read; of a larger one only the beginning is kept.
            validated: Whether the body is a parameter of the route, so that validation reports what is wrong with it.
        """
        super().__init__(scope, receive)
        self._max_bytes = max_bytes
        self._validated = validated
        self._content: bytes | None = None

    @cached_property
    def query_params(self) -> FirstValueParams:
        """The query; the first of several values counts."""
        return FirstValueParams.from_query_string(self.scope["query_string"])

    async def body(self) -> bytes:
        """
        Return the body; of one that is too large and will be validated, the beginning.

        Raises:
            HTTPException: 413, where the body is read raw and its Content-Length is too large. Without a Content-Length, the part
                within the limit is returned, as by Werkzeug's ``get_data``.
        """
        if self._content is None:
            self._content = await self._read()
        if self._validated or self._max_bytes is None or len(self._content) <= self._max_bytes:
            return self._content
        if "content-length" in self.headers:
            raise HTTPException(413)
        return self._content[: self._max_bytes]

    async def stream(self) -> AsyncGenerator[bytes]:
        """Give the body in pieces; one that `body` has read, in one."""
        if self._content is None:
            async for chunk in super().stream():
                yield chunk
        else:
            yield await self.body()
            yield b""

    async def json(self) -> Any:
        """Return the decoded body, or `UNDECODABLE`."""
        content = await self.body()
        if self._max_bytes is not None and len(content) > self._max_bytes:
            return UNDECODABLE
        try:
            return loads(content)
        except (ValueError, RecursionError):
            return UNDECODABLE

    async def _read(self) -> bytes:
        content = bytearray()
        async for chunk in super().stream():
            content += chunk
            if self._max_bytes is not None and len(content) > self._max_bytes:
                break
        return bytes(content)
