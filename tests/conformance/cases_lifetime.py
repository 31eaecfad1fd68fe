"""Disconnects, cancellation, and what is left behind."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, Any

from tests.conformance.client import Connection, fetch, http_scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bridge.types import ASGIApp, WSGIApp

    Adapter = Callable[[WSGIApp], ASGIApp]


class _Endless:
    """An application that streams for ever, and counts how often it is closed."""

    def __init__(self, block: bytes = b"tick") -> None:
        self.block = block
        self.closed = 0
        self.ended = threading.Event()

    def __call__(self, environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/plain")])
        if environ["PATH_INFO"] == "/ok":
            return [b"ok"]
        return _Closing(self)


class _Closing:
    def __init__(self, owner: _Endless) -> None:
        self._owner = owner

    def __iter__(self) -> Iterator[bytes]:
        while True:
            if self._owner.ended.is_set() and self._owner.closed > 1000:
                return  # an escape for adapters that never stop
            yield self._owner.block

    def close(self) -> None:
        self._owner.closed += 1
        self._owner.ended.set()


async def _wait(event: threading.Event) -> bool:
    return await asyncio.to_thread(event.wait, 3)


async def close_runs_once_at_the_end(adapter: Adapter) -> None:
    """The iterable is closed once when everything was sent."""
    closed = []

    class Body(list[bytes]):
        def close(self) -> None:
            closed.append(True)

    def app(environ: Any, start_response: Any) -> Body:
        start_response("200 OK", [])
        return Body([b"a", b"b"])

    await fetch(adapter(app))
    assert closed == [True]


async def close_runs_once_on_error(adapter: Adapter) -> None:
    """The iterable is closed once when iterating fails."""
    closed = []

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            yield b"a"
            raise ValueError("oops")

        def close(self) -> None:
            closed.append(True)

    def app(environ: Any, start_response: Any) -> Body:
        start_response("200 OK", [])
        return Body()

    with contextlib.suppress(Exception):
        await fetch(adapter(app))
    assert closed == [True]


async def close_runs_once_on_disconnect(adapter: Adapter) -> None:
    """An endless stream stops, and is closed once, when the client goes away."""
    app = _Endless()
    connection = Connection(adapter(app), http_scope())
    connection.body(b"")
    task = connection.start()
    await connection.until(b"tick")
    connection.disconnect()
    assert await _wait(app.ended), "the stream went on"
    await task
    assert app.closed == 1


async def stream_of_empty_blocks_stops(adapter: Adapter) -> None:
    """A stream that has nothing to say stops, too, when the client goes away."""
    app = _Endless()
    connection = Connection(adapter(app), http_scope())
    connection.body(b"")
    task = connection.start()
    await connection.until(b"tick")
    app.block = b""
    connection.disconnect()
    assert await _wait(app.ended), "the stream went on"
    await task


async def slow_client_may_disconnect(adapter: Adapter) -> None:
    """A stream that waits for a client that does not read stops when the client goes away."""
    app = _Endless(b"x" * 65_536)
    connection = Connection(adapter(app), http_scope())
    connection.body(b"")
    task = connection.start()
    await connection.until(b"x")
    connection.reading.clear()
    connection.disconnect()
    stopped = await _wait(app.ended)
    connection.reading.set()
    assert stopped, "the stream went on"
    await task


async def cancellation_closes_the_stream(adapter: Adapter) -> None:
    """Cancelling the ASGI task stops the stream, closes it, and waits for its thread."""
    app = _Endless()
    connection = Connection(adapter(app), http_scope())
    connection.body(b"")
    task = connection.start()
    await connection.until(b"tick")
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert app.closed == 1


async def cancelled_request_keeps_its_thread_accounted(adapter: Adapter) -> None:
    """A cancelled request is over only when its thread is."""
    entered, release, left = threading.Event(), threading.Event(), threading.Event()

    def app(environ: Any, start_response: Any) -> list[bytes]:
        entered.set()
        release.wait(3)
        left.set()
        start_response("200 OK", [])
        return [b"ok"]

    connection = Connection(adapter(app), http_scope())
    connection.body(b"")
    task = connection.start()
    assert await _wait(entered)
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=0.05)
    release.set()
    await asyncio.wait({task})
    assert not done, "the request was over while its thread still ran"
    assert left.is_set()


async def survives_cancelled_requests(adapter: Adapter) -> None:
    """After three times as many cancelled streams as there are threads the next request is served."""
    app = _Endless()
    served = adapter(app)
    for _ in range(30):
        connection = Connection(served, http_scope())
        connection.body(b"")
        task = connection.start()
        await connection.until(b"tick")
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    assert (await fetch(served, http_scope("/ok"))).content == b"ok"


async def survives_disconnected_streams(adapter: Adapter) -> None:
    """After three times as many disconnects as there are threads the next request is served."""
    app = _Endless()
    served = adapter(app)
    for _ in range(30):
        connection = Connection(served, http_scope())
        connection.body(b"")
        task = connection.start()
        await connection.until(b"tick")
        connection.disconnect()
        await asyncio.wait({task}, timeout=0.1)
    assert (await fetch(served, http_scope("/ok"))).content == b"ok"


async def survives_broken_uploads(adapter: Adapter) -> None:
    """After three times as many broken uploads as there are threads the next request is served."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        data = environ["wsgi.input"].read() if environ["REQUEST_METHOD"] == "POST" else b"ok"
        start_response("200 OK", [])
        return [data]

    served = adapter(app)
    for _ in range(30):
        scope = http_scope(headers=[(b"content-length", b"100")], method="POST")
        connection = Connection(served, scope)
        connection.body(b"part", more=True)
        connection.disconnect()
        task = connection.start()
        await asyncio.wait({task}, timeout=0.1)
        if task.done() and not task.cancelled():
            task.exception()
    assert (await fetch(served)).content == b"ok"


async def survives_broken_applications(adapter: Adapter) -> None:
    """After three times as many crashes as there are threads the next request is served."""

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"a"
        if environ["PATH_INFO"] != "/ok":
            raise ValueError("oops")

    served = adapter(app)
    for _ in range(30):
        with contextlib.suppress(Exception):
            await fetch(served)
    assert (await fetch(served, http_scope("/ok"))).content == b"a"
