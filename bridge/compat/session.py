"""The Flask session cookie in a FastAPI route."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar, TypeVarTuple, cast

from anyio import to_thread
from fastapi import Depends
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from starlette.requests import Request  # FastAPI reads the annotation at run time
from werkzeug.http import parse_cookie
from werkzeug.local import LocalProxy

from bridge.compat.contexts import in_app_context
from bridge.errors import SessionUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from flask.wrappers import Request as FlaskWrapper
    from starlette.responses import Response
    from werkzeug.datastructures import MultiDict

__all__ = ["FlaskSession", "flask_session", "provide_app", "save_session"]

Args = TypeVarTuple("Args")
T = TypeVar("T")

APP_KEY: Final = "bridge.flask_app"
SESSION_KEY: Final = "bridge.flask_session"


async def flask_session(request: Request) -> SessionMixin:
    """
    Open the session of the Flask application: the cookie of one side is valid on the other.

    A FastAPI dependency, for routes of `Bridge.router`. Reading, changing, clearing and making it permanent work as under Flask,
    with rotated keys and with the application's own ``session_interface``; the cookie is written back only when the session was
    changed, and ``Vary: Cookie`` is added when it was read.

    Raises:
        SessionUnavailable: The route is not one of a router that follows Flask.
        RuntimeError: The application has no secret key and the session was written to.
    """
    session: SessionMixin | None = request.scope.get(SESSION_KEY)
    if session is None:
        app: Flask | None = request.scope.get(APP_KEY)
        if app is None:
            raise SessionUnavailable(
                "FlaskSession was asked for on a route that does not follow Flask: declare the route on a Bridge.router with compat"
            )
        session = await _opened(request.scope, app, _cookies(request))
    # As under Flask: not opening the session but using it is what makes the answer vary with the cookie.
    return cast("SessionMixin", LocalProxy(partial(_accessed, session)))


FlaskSession = Annotated[SessionMixin, Depends(flask_session)]


def provide_app(scope: Any, app: Flask) -> None:
    """Let `flask_session` find *app* in this request."""
    scope[APP_KEY] = app


async def save_session(scope: Any, response: Response) -> None:
    """Do for *response* what Flask does when a request ends: write the cookie when changed, ``Vary`` when read."""
    session: SessionMixin | None = scope.get(SESSION_KEY)
    app: Flask = scope[APP_KEY]
    if session is None:
        cookies = _cookies(Request(scope))
        if app.session_interface.get_cookie_name(app) not in cookies:
            return
        # Nobody asked for it, but a permanent one is renewed by every request: SESSION_REFRESH_EACH_REQUEST.
        session = await _opened(scope, app, cookies)
    if app.session_interface.is_null_session(session):
        return
    carrier = app.response_class()
    await _on_its_thread(app, app.session_interface.save_session, app, session, carrier)
    for name in ("Vary", "Set-Cookie"):
        for value in carrier.headers.getlist(name):
            response.headers.append(name, value)


def _accessed(session: SessionMixin) -> SessionMixin:
    session.accessed = True
    return session


def _cookies(request: Request) -> MultiDict[str, str]:
    # Werkzeug takes the first cookie of a name, and Starlette the last.
    return parse_cookie("; ".join(request.headers.getlist("cookie")))


async def _opened(scope: Any, app: Flask, cookies: MultiDict[str, str]) -> SessionMixin:
    session = await _on_its_thread(app, _open, app, cookies)
    scope[SESSION_KEY] = session
    return session


def _open(app: Flask, cookies: MultiDict[str, str]) -> SessionMixin:
    # A session interface reads nothing but the cookies: https://flask.palletsprojects.com/en/stable/api/#session-interface
    shim = cast("FlaskWrapper", SimpleNamespace(cookies=cookies))
    session = app.session_interface.open_session(app, shim)
    return app.session_interface.make_null_session(app) if session is None else session


async def _on_its_thread(app: Flask, call: Callable[[*Args], T], *args: *Args) -> T:
    """
    Run *call* here if the session is a signed cookie, and on a worker thread if it may be kept in some store.

    Either way inside an application context, whose JSON provider decides the bytes of the cookie.
    """
    if not isinstance(app.session_interface, SecureCookieSessionInterface):
        return await to_thread.run_sync(_in_context, app, call, *args)
    return in_app_context(app, call, *args)


def _in_context(app: Flask, call: Callable[[*Args], T], *args: *Args) -> T:
    with app.app_context():
        return call(*args)
