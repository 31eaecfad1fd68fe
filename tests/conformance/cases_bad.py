"""Requests and applications that break the rules."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from tests.conformance.client import Connection, http_scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bridge.types import ASGIApp, Scope, WSGIApp

    Adapter = Callable[[WSGIApp], ASGIApp]


async def _serve(
    adapter: Adapter, app: WSGIApp, scope: Scope | None = None, body: bytes = b""
) -> tuple[Connection, BaseException | None]:
    connection = Connection(adapter(app), scope or http_scope())
    connection.body(body)
    try:
        await connection.start()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever an adapter raises is its way to close the connection
        return connection, error
    return connection, None


async def _is_clear_error(adapter: Adapter, app: WSGIApp) -> None:
    """A 500; from the server, if the adapter raises before it has sent anything."""
    connection, error = await _serve(adapter, app)
    if error is not None:
        assert not connection.sent, "the response had started"
        return
    assert connection.status == 500
    assert connection.complete


async def _is_closed(adapter: Adapter, app: WSGIApp, sent: bytes) -> None:
    """What was yielded is sent, and then the connection breaks, so that the client knows that something is missing."""
    connection, error = await _serve(adapter, app)
    assert error is not None, "the server was not told to close the connection"
    assert (connection.status, connection.content, connection.complete) == (200, sent, False)


async def start_response_never(adapter: Adapter) -> None:
    """An application that never calls start_response is answered with 500."""
    await _is_clear_error(adapter, lambda _environ, _start: [b"x"])


async def start_response_never_and_no_body(adapter: Adapter) -> None:
    """As before, with an empty iterable."""
    await _is_clear_error(adapter, lambda _environ, _start: [])


async def start_response_twice(adapter: Adapter) -> None:
    """A second start_response without exc_info is an error of the application."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        start_response("201 Created", [])
        return [b"x"]

    await _is_clear_error(adapter, app)


async def returns_none(adapter: Adapter) -> None:
    """An application that returns None is answered with 500."""

    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])

    await _is_clear_error(adapter, app)


async def yields_text(adapter: Adapter) -> None:
    """An application that yields str is answered with 500."""

    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        return ["text"]

    await _is_clear_error(adapter, app)


async def yields_text_after_bytes(adapter: Adapter) -> None:
    """An application that yields str later on breaks the connection."""

    def app(environ: Any, start_response: Any) -> Iterator[Any]:
        start_response("200 OK", [])
        yield b"a"
        yield "b"

    await _is_closed(adapter, app, b"a")


async def raises_at_once(adapter: Adapter) -> None:
    """An application that raises is answered with 500."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        raise ValueError("oops")

    await _is_clear_error(adapter, app)


async def raises_before_the_first_block(adapter: Adapter) -> None:
    """An application that raises after start_response, but before any block, is answered with 500."""

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        if environ:
            raise ValueError("oops")
        yield b""

    await _is_clear_error(adapter, app)


async def raises_after_the_first_block(adapter: Adapter) -> None:
    """An application that raises in mid-stream breaks the connection."""

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"a"
        raise ValueError("oops")

    await _is_closed(adapter, app, b"a")


async def exits(adapter: Adapter) -> None:
    """sys.exit() in a view is answered with 500 and does not stop the server."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        raise SystemExit(3)

    connection, error = await _serve(adapter, app)
    assert not isinstance(error, SystemExit), "the server would stop"
    assert error is not None or connection.status == 500


async def short_body(adapter: Adapter) -> None:
    """A body shorter than its Content-Length, of which nothing was sent, becomes a 500."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Length", "10")])
        return [b"abc"]

    await _is_clear_error(adapter, app)


async def short_stream(adapter: Adapter) -> None:
    """A stream shorter than its Content-Length breaks the connection."""

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Length", "10")])
        yield b"abc"

    await _is_closed(adapter, app, b"abc")


async def _bad_head(adapter: Adapter, status: Any, headers: Any) -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response(status, headers)
        return [b"x"]

    await _is_clear_error(adapter, app)


async def line_break_in_a_header(adapter: Adapter) -> None:
    """A header value with a line break, which would be a second header, becomes a 500."""
    await _bad_head(adapter, "200 OK", [("X-A", "1\r\nSet-Cookie: admin=1")])


async def text_beyond_latin1_in_a_header(adapter: Adapter) -> None:
    """A header value that is not latin-1 becomes a 500."""
    await _bad_head(adapter, "200 OK", [("X-A", "\u20ac")])


async def bad_header_name(adapter: Adapter) -> None:
    """A header name with a space becomes a 500."""
    await _bad_head(adapter, "200 OK", [("X A", "1")])


async def header_that_is_not_text(adapter: Adapter) -> None:
    """A header value that is not a str becomes a 500."""
    await _bad_head(adapter, "200 OK", [("Content-Length", 1)])


async def bad_status(adapter: Adapter) -> None:
    """A status without a number becomes a 500."""
    await _bad_head(adapter, "OK", [])


async def two_content_lengths_in_the_response(adapter: Adapter) -> None:
    """A response with two lengths becomes a 500."""
    await _bad_head(adapter, "200 OK", [("Content-Length", "1"), ("Content-Length", "2")])


async def _refused(adapter: Adapter, status: int, headers: list[tuple[bytes, bytes]], body: bytes = b"abc") -> None:
    called = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        environ["wsgi.input"].read()
        called.append(True)
        start_response("200 OK", [])
        return [b"x"]

    connection, error = await _serve(adapter, app, http_scope(headers=headers, method="POST"), body)
    assert error is None, f"raised {error!r} instead of answering"
    assert connection.status == status
    assert not called


async def two_content_lengths(adapter: Adapter) -> None:
    """A request with two lengths is refused with 400."""
    await _refused(adapter, 400, [(b"content-length", b"3"), (b"content-length", b"4")])


async def content_length_that_is_no_number(adapter: Adapter) -> None:
    """A length that is not made of digits is refused with 400."""
    for value in (b"x", b"-1", b"+3", b"3_0", b"", b"\xb2", b"3, 4"):
        await _refused(adapter, 400, [(b"content-length", value)])


async def truncated_body(adapter: Adapter) -> None:
    """A body shorter than its Content-Length never looks complete."""
    await _refused(adapter, 400, [(b"content-length", b"10")])


async def too_many_headers(adapter: Adapter) -> None:
    """A request with hundreds of headers is refused with 431."""
    await _refused(adapter, 431, [(b"x-%d" % i, b"1") for i in range(300)])


async def crash_is_one_log_record(adapter: Adapter) -> None:
    """An application that raises leaves exactly one log record, with its traceback; one that is raised is the server's."""
    records: list[logging.LogRecord] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)

    def app(environ: Any, start_response: Any) -> list[bytes]:
        raise ValueError("oops")

    handler = Handler()
    logging.getLogger().addHandler(handler)
    try:
        _, error = await _serve(adapter, app)
    finally:
        logging.getLogger().removeHandler(handler)
    assert [bool(record.exc_info) for record in records] == ([True] if error is None else [])
