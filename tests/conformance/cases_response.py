"""The response as the client sees it."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

from tests.conformance.client import Connection, fetch, http_scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bridge.types import ASGIApp, WSGIApp

    Adapter = Callable[[WSGIApp], ASGIApp]


def _app(status: str, headers: list[tuple[str, str]], body: list[bytes]) -> WSGIApp:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response(status, headers)
        return body

    return app


async def repeated_set_cookie_stays(adapter: Adapter) -> None:
    """Two cookies are two headers."""
    app = _app("200 OK", [("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=2; Path=/")], [b"ok"])
    assert (await fetch(adapter(app))).header("set-cookie") == ["a=1; Path=/", "b=2; Path=/"]


async def head_has_no_body(adapter: Adapter) -> None:
    """A HEAD request is answered with the headers alone, whatever the application returns."""
    app = _app("200 OK", [("Content-Length", "5")], [b"hello"])
    connection = await fetch(adapter(app), http_scope(method="HEAD"))
    assert (connection.content, connection.header("content-length")) == (b"", ["5"])
    assert connection.complete


async def no_content_has_no_body(adapter: Adapter) -> None:
    """204 has neither a body nor a Content-Length."""
    connection = await fetch(adapter(_app("204 No Content", [("Content-Length", "5")], [b"hello"])))
    assert (connection.content, connection.header("content-length")) == (b"", [])


async def not_modified_has_no_body(adapter: Adapter) -> None:
    """304 has no body, but may say how long it would be."""
    connection = await fetch(adapter(_app("304 Not Modified", [("ETag", '"x"'), ("Content-Length", "5")], [b"hello"])))
    assert (connection.content, connection.header("content-length")) == (b"", ["5"])


async def empty_response_is_complete(adapter: Adapter) -> None:
    """An application that yields nothing has answered."""
    connection = await fetch(adapter(_app("200 OK", [("X-A", "1")], [])))
    assert (connection.status, connection.content, connection.complete) == (200, b"", True)


async def hop_by_hop_headers_are_dropped(adapter: Adapter) -> None:
    """Headers of the connection belong to the server."""
    headers = [("Connection", "close"), ("Transfer-Encoding", "chunked"), ("Keep-Alive", "1"), ("X-A", "1")]
    connection = await fetch(adapter(_app("200 OK", headers, [b"ok"])))
    assert connection.header("x-a") == ["1"]
    assert not {b"connection", b"transfer-encoding", b"keep-alive"} & {name for name, _ in connection.headers}


async def surplus_body_is_cut(adapter: Adapter) -> None:
    """Nothing is sent past Content-Length, where a client expects the next response."""
    connection = await fetch(adapter(_app("200 OK", [("Content-Length", "3")], [b"ab", b"cdef"])))
    assert (connection.content, connection.complete) == (b"abc", True)


async def start_response_may_be_late(adapter: Adapter) -> None:
    """A generator that starts its response when it is iterated is served."""

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("201 Created", [("X-A", "1")])
        yield b"a"
        yield b"b"

    connection = await fetch(adapter(app))
    assert (connection.status, connection.header("x-a"), connection.content) == (201, ["1"], b"ab")


async def error_page_may_replace_the_response(adapter: Adapter) -> None:
    """start_response with exc_info replaces a response of which nothing was sent."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("X-A", "1")])
        try:
            raise ValueError("oops")  # noqa: TRY301  raised as a view raises
        except ValueError as error:
            start_response("503 Busy", [("X-B", "2")], (ValueError, error, error.__traceback__))
        return [b"sorry"]

    connection = await fetch(adapter(app))
    assert (connection.status, connection.header("x-a"), connection.header("x-b")) == (503, [], ["2"])


async def write_callable_works(adapter: Adapter) -> None:
    """What is given to the write callable comes before what is returned."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        write = start_response("200 OK", [])
        write(b"a")
        write(b"b")
        return [b"c"]

    connection = await fetch(adapter(app))
    assert (connection.content, connection.complete) == (b"abc", True)


async def blocks_are_not_delayed(adapter: Adapter) -> None:
    """A block reaches the client before the application is asked for the next, however small it is."""
    arrived = threading.Event()

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"first"
        assert arrived.wait(3), "the client did not get the first block in time"
        yield b"second"

    connection = Connection(adapter(app), http_scope())
    connection.body(b"")
    task = connection.start()
    async with asyncio.timeout(2):
        await connection.until(b"first")
    arrived.set()
    await task
    assert connection.content == b"firstsecond"


async def slow_client_makes_the_application_wait(adapter: Adapter) -> None:
    """While the client does not read, the application is not asked for more than a buffer full."""
    blocks = 200
    produced = 0
    idle = threading.Event()

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        nonlocal produced
        start_response("200 OK", [])
        for _ in range(blocks):
            produced += 1
            yield b"x" * 65_536
        idle.set()

    connection = Connection(adapter(app), http_scope())
    connection.body(b"")
    connection.reading.clear()
    task = connection.start()
    # An adapter without back-pressure finishes at once; ours would never set the event.
    ran_ahead = await asyncio.to_thread(idle.wait, 0.3)
    assert not ran_ahead, "the whole response was produced for a client that does not read"
    assert produced <= 8
    connection.reading.set()
    await task
    assert len(connection.content) == blocks * 65_536


async def one_thread_serves_the_whole_request(adapter: Adapter) -> None:
    """The view, the iteration and close() run on one thread, as thread-bound sessions need."""
    threads = []

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            for block in (b"a", b"b", b"c"):
                threads.append(threading.get_ident())
                yield block

        def close(self) -> None:
            threads.append(threading.get_ident())

    def app(environ: Any, start_response: Any) -> Body:
        threads.append(threading.get_ident())
        start_response("200 OK", [])
        return Body()

    served = adapter(app)
    for _ in range(5):
        threads.clear()
        await asyncio.gather(*(fetch(adapter(_app("200 OK", [], [b"x"]))) for _ in range(5)), fetch(served))
        assert len(threads) == 5
        assert len(set(threads)) == 1
    assert threading.get_ident() not in threads, "the event loop was blocked"


async def header_names_are_lower_case(adapter: Adapter) -> None:
    """ASGI wants header names in lower case."""
    connection = await fetch(adapter(_app("200 OK", [("X-Mixed-Case", "1")], [b"ok"])))
    start = connection.sent[0]
    assert [name for name, _ in start["headers"] if name.lower() == b"x-mixed-case"] == [b"x-mixed-case"]
