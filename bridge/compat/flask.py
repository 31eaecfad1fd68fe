"""The shims that make a router answer as Flask did, each one opt-out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bridge.compat.errors import FlaskErrors
from bridge.compat.json import FlaskJSON
from bridge.compat.route import FlaskRoute

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fastapi.routing import APIRoute
    from flask import Flask
    from starlette.responses import Response

__all__ = ["FlaskCompat"]


@dataclass(frozen=True, slots=True)
class FlaskCompat:
    """
    How far the routes of a router answer as the Flask application did.

    Switch a shim off once the clients have moved on, one router at a time.

    Attributes:
        app: The Flask application to follow.
        json: Bodies are written by the application's JSON provider, and an empty answer has Flask's default Content-Type; off: by
            Pydantic (ISO dates, insertion order), and none.
        errors: Exceptions are answered by the application's error handlers; off: by FastAPI's.
        requests: The first of several query values or form fields counts, and the body is checked after the dependencies; off: FastAPI's rules.
        after: Called with each response of the router, errors included: where an ``after_request`` hook is ported to.
        read_body: What the views call to read a body, run in a request context; its exception tells what is wrong with a body that
            cannot be read. Default: ``flask.request.get_json``.
        validation: Turns validation errors, each with ``loc`` below the parameter, into the exception the Flask view would have raised; see
            `FlaskErrors`.
    """

    app: Flask
    json: bool = True
    errors: bool = True
    requests: bool = True
    after: Callable[[Response], None] | None = None
    read_body: Callable[[], object] | None = None
    validation: Callable[[Sequence[dict[str, Any]]], Exception] | None = None

    def encoder(self) -> FlaskJSON | None:
        """Return what writes bodies, or None to leave them to Pydantic."""
        return FlaskJSON(self.app) if self.json else None

    @property
    def empty_media_type(self) -> str | None:
        """The Content-Type of an answer without a body: Flask names its default, FastAPI none."""
        return self.app.response_class().content_type if self.json else None

    def route_class(self) -> type[APIRoute]:
        """Return the class for the routes of a router: ``APIRouter(route_class=compat.route_class())``."""
        answers = FlaskErrors(self.app, read_body=self.read_body, validation=self.validation) if self.errors else None

        class FlaskCompatRoute(FlaskRoute):
            compat = self
            errors = answers

        return FlaskCompatRoute
