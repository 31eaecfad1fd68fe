"""Run any WSGI application through PEP 3333."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.errors import InvalidWSGIResponse
from bridge.wsgi.response import parse_head

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType
    from wsgiref.types import WSGIEnvironment

    from bridge.types import WSGIApp
    from bridge.wsgi.writer import ResponseWriter

    ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]

__all__ = ["call_wsgi", "send_iterable"]


def call_wsgi(app: WSGIApp, environ: WSGIEnvironment, writer: ResponseWriter) -> Iterable[bytes]:
    """
    Call *app*, let it start its response on *writer*, and return its iterable; errors of *app* are raised.

    Raises:
        InvalidWSGIResponse: The application did not return an iterable.
    """

    def start_response(
        status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None, /
    ) -> Callable[[bytes], object]:
        if exc_info is not None:
            try:
                if writer.started and exc_info[1] is not None:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None  # the traceback holds this frame
        elif writer.head is not None:
            msg = "start_response was called twice; only exc_info may replace a response"
            raise InvalidWSGIResponse(msg)
        writer.head = parse_head(status, headers)
        return writer.write

    iterable = app(environ, start_response)
    if iterable is None:
        msg = "the application returned None, but must return an iterable of bytes"
        raise InvalidWSGIResponse(msg)
    return iterable


def send_iterable(iterable: Iterable[bytes], writer: ResponseWriter) -> None:
    """
    Write the blocks of *iterable*, the last one without waiting; the caller closes it.

    Raises:
        ClientDisconnected: Nobody wants the rest of the response.
        InvalidWSGIResponse: *iterable* does not yield bytes, or start_response was not called.
    """
    if isinstance(iterable, (list, tuple)):
        writer.finish_all(iterable)
        return
    for block in iterable:
        writer.write(block)
        if writer.satisfied:
            break
    writer.finish()
