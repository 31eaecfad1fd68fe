"""Errors: aborted, raised, handled, unhandled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response, abort, make_response
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import (
    Conflict,
    MethodNotAllowed,
    ServiceUnavailable,
    TooManyRequests,
    Unauthorized,
    UnprocessableEntity,
)

if TYPE_CHECKING:
    from flask import Flask

TEAPOT = 418


class OutOfStock(Exception):
    """An error of the domain, with a handler."""


class Discontinued(OutOfStock):
    """Handled by the handler of its base."""


class CustomResponse(Response):
    default_mimetype = "application/x-custom"
    default_status = 202


def aborted(code: int) -> Any:
    abort(code)


def described(code: int) -> Any:
    abort(code, description="<b>what</b> went wrong & where")


def raised(kind: str) -> Any:
    errors: dict[str, BaseException] = {
        "handled": OutOfStock("apples"),
        "derived": Discontinued("pears"),
        "unhandled": RuntimeError("secret detail"),
        "key": KeyError("missing"),
        "retry": TooManyRequests(retry_after=30),
        "busy": ServiceUnavailable(description="busy", retry_after=5),
        "allow": MethodNotAllowed(valid_methods=["BREW"]),
        "auth": Unauthorized(www_authenticate=WWWAuthenticate("basic", {"realm": "corpus"})),
        "response": UnprocessableEntity(response=make_response("made by hand", 422)),
        "conflict": Conflict(),
    }
    raise errors[kind]


def custom() -> Any:
    return CustomResponse("custom")


def out_of_stock(error: OutOfStock) -> Any:
    return {"error": str(error), "kind": type(error).__name__}, 409, {"X-Handled": "yes"}


def teapot(_error: Exception) -> Any:
    return "short and stout", TEAPOT


def gone(error: Any) -> Any:
    response = error.get_response()
    response.headers["X-Gone"] = "yes"
    return response


def add_rules(app: Flask) -> None:
    app.register_error_handler(OutOfStock, out_of_stock)
    app.register_error_handler(TEAPOT, teapot)
    app.register_error_handler(410, gone)
    app.add_url_rule("/abort/<int:code>", "aborted", aborted)
    app.add_url_rule("/describe/<int:code>", "described", described)
    app.add_url_rule("/raise/<kind>", "raised", raised, methods=["GET", "POST"])
    app.add_url_rule("/custom", "custom", custom)
