"""Run a Flask application and take its response as an object, without `start_response` in between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard

from flask import Flask
from werkzeug.wrappers import Response

from bridge.wsgi.generic import call_wsgi
from bridge.wsgi.response import parse_head

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import WSGIEnvironment

    from bridge.types import WSGIApp
    from bridge.wsgi.writer import ResponseWriter

__all__ = ["call_flask", "is_plain_flask"]


def is_plain_flask(app: WSGIApp) -> TypeGuard[Flask]:
    """
    Return whether calling *app* means Flask's own ``wsgi_app`` and nothing else.

    Not so for a subclass that overrides it, nor once middleware is wrapped around it, which may happen at any time.
    """
    if not isinstance(app, Flask) or "wsgi_app" in app.__dict__:
        return False
    kind = type(app)
    return kind.wsgi_app is Flask.wsgi_app and kind.__call__ is Flask.__call__


def call_flask(
    app: Flask, environ: WSGIEnvironment, writer: ResponseWriter
) -> tuple[Iterable[bytes], Callable[[], Any] | None]:
    """
    Do what ``app.wsgi_app`` does; return the blocks of the response and the ``close`` to call after them.

    As there, the contexts are popped before a generator is iterated (``stream_with_context`` keeps its own), and an
    exception that Flask does not handle is raised.

    Raises:
        InvalidWSGIResponse: The response cannot be sent over HTTP.
    """
    context = app.request_context(environ)
    reason: BaseException | None = None
    try:
        try:
            context.push()
            response = app.full_dispatch_request()
        except Exception as error:  # noqa: BLE001 - Flask decides what becomes of it
            reason = error
            # Inside the handler, because Flask re-raises the active exception when it is to be propagated.
            response = app.handle_exception(error)
        except BaseException as error:  # Flask tears down with whatever it was
            reason = error
            raise
        # A response class may answer as a WSGI application of its own, within the contexts.
        own = type(response).__call__ is not Response.__call__
        iterable = call_wsgi(response, environ, writer) if own else _start(response, environ, writer)
    finally:
        context.pop(None if reason is not None and app.should_ignore_error(reason) else reason)
    close = getattr(iterable, "close", None)
    if own or not response.is_sequence or response.direct_passthrough:
        return iterable, close
    return tuple(iterable), close if _has_something_to_close(response) else None


def _start(response: Response, environ: WSGIEnvironment, writer: ResponseWriter) -> Iterable[bytes]:
    iterable, status, headers = response.get_wsgi_response(environ)
    writer.head = parse_head(status, headers)
    return iterable


def _has_something_to_close(response: Response) -> bool:
    # Most responses have not, and save the loop a wake-up. Werkzeug has no public way to ask; without the attribute the
    # answer is yes, which is only slower.
    return bool(getattr(response, "_on_close", True)) or type(response).close is not Response.close
