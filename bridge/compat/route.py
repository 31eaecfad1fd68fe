"""A FastAPI route that answers as a Flask application does."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar

from fastapi.exceptions import HTTPException, RequestValidationError
from fastapi.params import Form
from fastapi.routing import APIRoute

from bridge.compat.answering import answer_errors
from bridge.compat.errors import keep_body
from bridge.compat.request import FlaskRequest
from bridge.compat.session import provide_app, save_session
from bridge.types import FAILURES_KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from starlette.requests import Request
    from starlette.responses import Response

    from bridge.compat.errors import FlaskErrors
    from bridge.compat.flask import FlaskCompat
    from bridge.types import Receive, Scope, Send

__all__ = ["FlaskRoute"]


class FlaskRoute(APIRoute):
    """
    Made by `FlaskCompat.route_class`.

    Attributes:
        compat: Which of Flask's habits the route keeps.
        errors: Answers its exceptions; None leaves them to FastAPI.
    """

    compat: ClassVar[FlaskCompat]
    errors: ClassVar[FlaskErrors | None]

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what runs inside of the dependencies: it reads the request, and finishes a success."""
        original = super().get_route_handler()
        validated = self.body_field is not None
        is_form = self.body_field is not None and isinstance(self.body_field.field_info, Form)

        async def handle(request: Request) -> Response:
            if self.compat.requests:
                request = FlaskRequest(
                    request.scope,
                    request.receive,
                    max_bytes=self.compat.app.config["MAX_CONTENT_LENGTH"],
                    validated=validated,
                )
            try:
                response = await original(request)
            except RequestValidationError as error:
                if isinstance(request, FlaskRequest) and request.form_too_large:
                    raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE) from error
                if not is_form:  # a view that takes a form never asks whether the body is JSON
                    await keep_body(request, error)
                raise
            return await self._finished(request.scope, response)

        return handle

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request. Outside of the dependencies: they see an exception before it is answered."""
        provide_app(scope, self.compat.app)
        if self.errors is None:
            await super().handle(scope, receive, send)
        else:
            await answer_errors(super().handle, self._answer_with(self.errors), scope, receive, send)

    def _answer_with(self, errors: FlaskErrors) -> Callable[[Request, Exception], Coroutine[Any, Any, Response]]:
        async def answer(request: Request, error: Exception) -> Response:
            response = await errors.respond(request, error)
            if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                request.scope.get(FAILURES_KEY, []).append(type(error).__name__)
            return await self._finished(request.scope, response)

        return answer

    async def _finished(self, scope: Scope, response: Response) -> Response:
        await save_session(scope, response)
        if self.compat.after is not None:
            self.compat.after(response)
        return response
