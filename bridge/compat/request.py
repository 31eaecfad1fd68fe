"""A request that reads query and body with Flask's rules."""

from __future__ import annotations

from functools import cached_property
from http import HTTPStatus
from json import loads
from typing import TYPE_CHECKING, Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request

from bridge.compat.query import FirstValueForm, FirstValueParams

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bridge.types import Receive, Scope

__all__ = ["UNDECODABLE", "FlaskRequest"]


class Undecodable:
    """Stands for a body that is not JSON, or for a form that is too large: no parameter can be read from it."""

    async def close(self) -> None:
        """Do nothing: FastAPI closes what it takes for a form."""


UNDECODABLE: Final = Undecodable()


class FlaskRequest(Request):
    """
    A Starlette request with three of Flask's habits.

    The first of several query values or form fields counts. A body that is not JSON, or is larger than ``MAX_CONTENT_LENGTH``, is reported when
    the parameters are validated, after the dependencies have run: a Flask view checks who is logged in before it reads the body.

    Attributes:
        form_too_large: A form was larger than ``MAX_CONTENT_LENGTH``, and will be reported.
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
        self.form_too_large = False

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
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return self._content[: self._max_bytes]

    async def stream(self) -> AsyncGenerator[bytes]:
        """
        Give the body in pieces; one that `body` has read, in one.

        Raises:
            HTTPException: 413, at once where Content-Length is too large, otherwise after the part within the limit.
        """
        if self._content is not None:
            yield await self.body()
            yield b""
            return
        declared = self.headers.get("content-length", "")
        self._refuse_beyond_limit(int(declared) if declared.isdecimal() else 0)
        size = 0
        async for chunk in super().stream():
            size += len(chunk)
            self._refuse_beyond_limit(size)
            yield chunk

    async def json(self) -> Any:
        """Return the decoded body, or `UNDECODABLE`."""
        content = await self.body()
        if self._max_bytes is not None and len(content) > self._max_bytes:
            return UNDECODABLE
        try:
            return loads(content)
        except (ValueError, RecursionError):
            return UNDECODABLE

    async def _get_form(self, **limits: Any) -> Any:
        # Undocumented: what form() awaits. Where it is called otherwise, such a form is refused before the dependencies run.
        if self.form_too_large:  # FastAPI was told, and this is a dependency that reads it itself
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        try:
            form = await super()._get_form(**limits)
        except HTTPException as error:
            self.form_too_large = self._validated and error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            if self.form_too_large:
                return UNDECODABLE
            raise
        return FirstValueForm(form.multi_items())

    def _refuse_beyond_limit(self, size: int) -> None:
        if self._max_bytes is not None and size > self._max_bytes:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)

    async def _read(self) -> bytes:
        content = bytearray()
        async for chunk in super().stream():
            content += chunk
            if self._max_bytes is not None and len(content) > self._max_bytes:
                break
        return bytes(content)
