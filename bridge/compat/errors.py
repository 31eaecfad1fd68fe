"""Errors answered by the Flask application's own handlers."""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import flask
from fastapi.exception_handlers import http_exception_handler
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as StarletteHTTPException
from werkzeug.exceptions import (
    BadRequest,
    GatewayTimeout,
    InternalServerError,
    ServiceUnavailable,
    default_exceptions,
)

from bridge.compat.responses import to_asgi_response
from bridge.errors import Unavailable
from bridge.offload import Capacity, offload
from bridge.types import FAILURES_KEY
from bridge.wsgi import build_environ

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from flask import Flask
    from starlette.requests import Request
    from starlette.responses import Response

__all__ = ["FlaskErrors", "keep_body"]

logger = logging.getLogger("bridge.compat")

ValidationTranslator = "Callable[[Sequence[dict[str, Any]]], Exception]"
# Handlers do no database work of the request, so they must not wait behind the requests that do; unmeasured.
HANDLER_TOKENS: Final = 4
# In the scope of a request: the body of which FastAPI's validation found something wrong.
BODY_KEY: Final = "bridge.refused_body"


class FlaskErrors:
    """
    Answer an exception of a FastAPI route with the response that the Flask application would give.

    Handlers registered with ``app.errorhandler``, the pages of Werkzeug's ``HTTPException``, and the final 500 all apply. A
    validation error of FastAPI becomes what the Flask view would have raised, and never echoes the input. FastAPI's own
    ``HTTPException`` keeps its headers; one of a status that Werkzeug has no exception for is answered as FastAPI does.
    """

    def __init__(
        self,
        app: Flask,
        *,
        read_body: Callable[[], object] | None = None,
        validation: Callable[[Sequence[dict[str, Any]]], Exception] | None = None,
    ) -> None:
        """
        Args:
            app: The application whose handlers answer.
            read_body: What the views call to read a body; default ``flask.request.get_json``.
            validation: Turns FastAPI's list of validation errors, each with ``loc`` relative to the parameter, ``msg`` and
                ``type``, into the exception that the Flask view would have raised. Default: a plain 400.
        """
        self._app = app
        self._read_body = read_body or _read_json
        self._validation = validation or (lambda _errors: BadRequest())
        self._capacity = Capacity(HANDLER_TOKENS)

    async def respond(self, request: Request, error: Exception) -> Response:
        """
        Return the Flask application's answer to *error*. Its handlers run on a worker thread, inside a request context.

        Raises:
            Exception: *error* itself, where Flask would let it through (debug or testing mode, no handler for 500).
        """
        if isinstance(error, StarletteHTTPException) and error.status_code not in default_exceptions:
            return await http_exception_handler(request, error)  # Werkzeug has no exception for its status
        response = await offload(self._respond, request, error, capacity=self._capacity)
        # Set here, because a handler that writes its own body may drop the headers of the exception.
        for name, value in _headers_of(error).items():
            response.headers.setdefault(name, value)
        return response

    def _respond(self, request: Request, error: Exception) -> Response:
        body: bytes | None = request.scope.get(BODY_KEY)
        with self._app.request_context(build_environ(request.scope, body or b"")):
            answer = self._handle(error, has_body=body is not None, in_check=FAILURES_KEY in request.scope)
            return to_asgi_response(self._app.make_response(answer))

    def _handle(self, error: Exception, *, has_body: bool, in_check: bool) -> flask.typing.ResponseReturnValue:
        try:
            try:
                raise self._as_flask_raises(error, has_body=has_body)  # noqa: TRY301  a handler may ask for the exception being handled
            except Exception as raised:  # noqa: BLE001  every exception of a view goes to the application's handlers
                return self._app.handle_user_exception(raised)
        except Exception as unhandled:  # noqa: BLE001  and what they do not handle becomes its 500
            return self._server_error(unhandled, in_check=in_check)

    def _server_error(self, error: Exception, *, in_check: bool) -> flask.typing.ResponseReturnValue:
        """
        Do what ``Flask.handle_exception`` does, without its last step: that one runs the after-request hooks, of which the
        before-request halves have not run.
        """
        app = self._app
        if not in_check:
            flask.got_request_exception.send(app, _async_wrapper=app.ensure_sync, exception=error)
        propagate = app.config["PROPAGATE_EXCEPTIONS"]
        if propagate or (propagate is None and (app.testing or app.debug)):
            raise error
        if in_check:
            # Not the application's error log, which may wake somebody: no caller has seen it.
            logger.warning("%s %s failed in a check", flask.request.method, flask.request.path, exc_info=error)
        else:
            app.log_exception(sys.exc_info())
        return app.handle_user_exception(InternalServerError(original_exception=error))

    def _as_flask_raises(self, error: Exception, *, has_body: bool) -> Exception:
        if isinstance(error, RequestValidationError):
            if has_body:
                try:
                    self._read_body()
                except Exception as refused:  # noqa: BLE001  a wrong content type or a body that is not JSON, as Flask says it
                    return refused
            return self._validation([{**item, "loc": item["loc"][1:]} for item in error.errors()])
        if isinstance(error, Unavailable):
            # Not the error's own text: capacities and function names are for the log, not for clients.
            return GatewayTimeout() if error.status == GatewayTimeout.code else ServiceUnavailable()
        if isinstance(error, StarletteHTTPException):
            # A detail that only repeats the status says less than the application's own page for it.
            said = None if error.detail == HTTPStatus(error.status_code).phrase else error.detail
            return default_exceptions[error.status_code](description=said)
        return error


def _headers_of(error: Exception) -> Mapping[str, str]:
    if isinstance(error, Unavailable):
        return {"retry-after": str(error.retry_after)}
    return (error.headers if isinstance(error, StarletteHTTPException) else None) or {}


def _read_json() -> object:
    # A function of its own, because flask.request stands for the request of the moment.
    return flask.request.get_json()


async def keep_body(request: Request, error: RequestValidationError) -> None:
    """Leave the body for the answer to *error*: once the route has raised it, nobody can read it again."""
    if any("body" in item["loc"][:1] for item in error.errors()):
        # Starlette raises RuntimeError where the body was consumed, as a form or a stream.
        with suppress(RuntimeError):
            request.scope[BODY_KEY] = await request.body()
