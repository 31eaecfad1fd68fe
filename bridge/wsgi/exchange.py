"""One request and its response on the worker thread."""

from __future__ import annotations

import logging
from typing import IO, TYPE_CHECKING, Any

from bridge.errors import RequestRejected
from bridge.wsgi.contexts import run_outside_flask
from bridge.wsgi.environ import build_environ
from bridge.wsgi.flask import call_flask, is_plain_flask
from bridge.wsgi.generic import call_wsgi, send_iterable
from bridge.wsgi.writer import ResponseWriter

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.types import Scope, WSGIApp
    from bridge.wsgi.outbox import Outbox

__all__ = ["Exchange"]

logger = logging.getLogger("bridge.wsgi")


class Exchange:
    """
    One request and its response on the worker thread.

    Attributes:
        failure: Why the response is not complete; set when the thread is done, and already logged.
    """

    __slots__ = ("_app", "_body", "_close", "_label", "_logged", "_outbox", "_scope", "_writer", "failure")

    def __init__(self, app: WSGIApp, scope: Scope, body: IO[bytes], outbox: Outbox) -> None:
        """
        Args:
            app: The WSGI application.
            scope: The ASGI scope of the request.
            body: The request body; closed when the thread is done.
            outbox: Where the response goes.
        """
        self._app = app
        self._scope = scope
        self._body = body
        self._outbox = outbox
        # Not the query string, which may hold a secret; quoted, so that a line break cannot forge a log line.
        self._label = f"{scope['method']} {scope['path']!r}"
        self._writer = ResponseWriter(outbox, scope["method"], self._label)
        self._close: Callable[[], Any] | None = None
        self._logged = False
        self.failure: BaseException | None = None

    def run(self) -> None:
        """Run the application and write its response, or do nothing if the request was cancelled before."""
        if not self._outbox.wanted():
            return
        try:
            run_outside_flask(self._respond)
        finally:
            self._body.close()

    def _respond(self) -> None:
        try:
            self._call()
        # SystemExit in a view must not stop the server, and GeneratorExit means nothing to it.
        except BaseException as error:  # noqa: BLE001 - kept for the loop, which reports it
            # A reader of the body raises Werkzeug's exceptions, because of one of ours.
            rejected = error if isinstance(error, RequestRejected) else error.__cause__
            self.failure = rejected if isinstance(rejected, RequestRejected) else error
            if self.failure is error and rejected is not error:
                self._log("the application failed", error)
        if self._close is None:
            return
        if self.failure is None:
            # The client has its response before the application tidies up, as under a WSGI server.
            self._writer.publish()
        try:
            self._close()
        except BaseException as error:  # noqa: BLE001 - as above
            self._log("closing the response failed", error)

    def _log(self, what: str, error: BaseException) -> None:
        if self._logged:  # one record for one request: what follows is a consequence
            return
        self._logged = True
        logger.error("%s: %s: %s", self._label, what, type(error).__name__, exc_info=error)

    def _call(self) -> None:
        app, writer = self._app, self._writer
        environ = build_environ(self._scope, self._body)
        if is_plain_flask(app):
            iterable, self._close = call_flask(app, environ, writer)
        else:
            iterable = call_wsgi(app, environ, writer)
            self._close = getattr(iterable, "close", None)
        send_iterable(iterable, writer)

    @property
    def started(self) -> bool:
        """Whether the response has started, so that no other can be sent."""
        return self._writer.started
