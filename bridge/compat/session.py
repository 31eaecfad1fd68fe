"""The Flask session cookie in a FastAPI route."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Annotated, Any, Final, cast

from fastapi import Depends
from flask.sessions import SessionMixin
from starlette.requests import Request  # noqa: TC002  FastAPI reads the annotation at run time

if TYPE_CHECKING:
    from flask import Flask
    from flask.wrappers import Request as FlaskWrapper
    from starlette.responses import Response

__all__ = ["FlaskSession", "flask_session", "open_session_for", "save_session"]

APP_KEY: Final = "bridge.flask_app"
SESSION_KEY: Final = "bridge.flask_session"


async def flask_session(request: Request) -> SessionMixin:
    """
    Open the session of the Flask application: the cookie of one side is valid on the other.

    A FastAPI dependency, for routes of `Bridge.router`. Reading, changing and clearing work as under Flask; the cookie is written
    back only when the session was changed, and ``Vary: Cookie`` is added when it was read.

    Raises:
        RuntimeError: The application has no secret key and the session was written to.
    """
    session = request.scope.get(SESSION_KEY)
    if session is None:
        app: Flask = request.scope[APP_KEY]
        # A session interface reads nothing but the cookies: https://flask.palletsprojects.com/en/stable/api/#session-interface
        shim = cast("FlaskWrapper", SimpleNamespace(cookies=request.cookies))
        session = app.session_interface.open_session(app, shim)
        if session is None:
            session = app.session_interface.make_null_session(app)
        # Flask sets this when the session is reached through its request context.
        session.accessed = True
        request.scope[SESSION_KEY] = session
    return cast("SessionMixin", session)


FlaskSession = Annotated[SessionMixin, Depends(flask_session)]


def open_session_for(scope: Any, app: Flask) -> None:
    """Let `flask_session` find *app* in this request."""
    scope[APP_KEY] = app


def save_session(scope: Any, response: Response) -> None:
    """Do for *response* what Flask does when a request ends: write the cookie when changed, ``Vary`` when read."""
    session: SessionMixin | None = scope.get(SESSION_KEY)
    if session is None:
        return
    app: Flask = scope[APP_KEY]
    if app.session_interface.is_null_session(session):
        return
    carrier = app.response_class()
    app.session_interface.save_session(app, session, carrier)
    for name in ("Vary", "Set-Cookie"):
        for value in carrier.headers.getlist(name):
            response.headers.append(name, value)
