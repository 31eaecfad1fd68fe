from __future__ import annotations

import asyncio
import logging
import threading
from typing import IO, TYPE_CHECKING, Any

import anyio
import pytest
from flask import Flask, request
from werkzeug import exceptions

from bridge.errors import ResponseAborted, UnsupportedScope
from bridge.offload import Capacity, offload
from bridge.wsgi import Settings, WSGIAdapter, asgi
from tests.conformance.client import Connection, fetch, http_scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bridge.types import WSGIApp

CHUNKED = (b"transfer-encoding", b"chunked")


def hello(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]


def serve(app: WSGIApp = hello, tokens: int = 2, **settings: Any) -> WSGIAdapter:
    return WSGIAdapter(app, capacity=Capacity(tokens), settings=Settings(**settings))


def _echo() -> bytes:
    return request.get_data()


@pytest.fixture
def hops(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record every call that goes to a worker thread."""
    calls: list[str] = []
    original = offload

    async def counting(fn: Any, *args: Any, capacity: Capacity) -> Any:
        calls.append(fn.__name__)
        return await original(fn, *args, capacity=capacity)

    monkeypatch.setattr(asgi, "offload", counting)
    return calls


async def test_small_request_is_one_hop_and_two_messages(hops: list[str]) -> None:
    app = Flask("x")
    app.post("/")(_echo)
    scope = http_scope(method="POST", headers=[(b"content-length", b"3")])
    connection = await fetch(serve(app), scope, b"abc")
    assert connection.content == b"abc"
    assert hops == ["run"]
    assert [message["type"] for message in connection.sent] == ["http.response.start", "http.response.body"]


@pytest.mark.parametrize("body", ["spool", "on_demand"])
async def test_declared_body_over_the_limit_is_413(hops: list[str], body: str) -> None:
    scope = http_scope(method="POST", headers=[(b"content-length", b"11")])
    connection = Connection(serve(max_body_bytes=10, body=body), scope)  # nothing of the body is sent
    await connection.start()
    assert connection.status == 413
    assert connection.header("connection") == ["close"]
    assert hops == []


@pytest.mark.parametrize("body", ["spool", "on_demand"])
async def test_chunked_body_over_the_limit_is_413(body: str) -> None:
    app = Flask("x")
    app.post("/")(_echo)
    connection = Connection(serve(app, max_body_bytes=10, body=body), http_scope(method="POST", headers=[CHUNKED]))
    connection.body(b"abcdef", b"ghijkl", more=True)
    await connection.start()
    assert connection.status == 413


async def test_generic_application_that_reads_too_much_is_413(caplog: pytest.LogCaptureFixture) -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        environ["wsgi.input"].read()
        start_response("200 OK", [])
        return []

    adapter = serve(app, max_body_bytes=10, body="on_demand")
    connection = Connection(adapter, http_scope(method="POST", headers=[CHUNKED]))
    connection.body(b"abcdef", b"ghijkl", more=True)
    await connection.start()
    assert connection.status == 413
    assert caplog.records == []


async def test_refusal_has_no_connection_header_in_http2() -> None:
    scope = http_scope(http_version="2", headers=[(b"content-length", b"x")])
    connection = await fetch(serve(), scope)
    assert (connection.status, connection.header("connection")) == (400, [])


async def test_application_may_read_while_the_client_sends() -> None:
    blocks: list[bytes] = []
    arrived = threading.Event()

    def app(environ: Any, start_response: Any) -> list[bytes]:
        blocks.append(environ["wsgi.input"].read(3))
        arrived.set()
        blocks.append(environ["wsgi.input"].read())
        start_response("200 OK", [])
        return [b"ok"]

    connection = Connection(serve(app, body="on_demand"), http_scope(method="POST", headers=[CHUNKED]))
    connection.body(b"abc", more=True)
    task = connection.start()
    assert await asyncio.to_thread(arrived.wait, 5)
    connection.body(b"def", b"ghi")
    await task
    assert blocks == [b"abc", b"defghi"]
    assert connection.content == b"ok"


@pytest.mark.parametrize("by", ["disconnect", "cancel"])
async def test_reader_in_the_view_gets_an_error(by: str, caplog: pytest.LogCaptureFixture) -> None:
    app = Flask("x")
    seen: list[BaseException] = []
    reading = threading.Event()

    @app.post("/")
    def view() -> str:
        reading.set()
        try:
            request.get_data()
        except exceptions.ClientDisconnected as error:
            seen.append(error)
            raise
        return "complete"

    connection = Connection(serve(app, body="on_demand"), http_scope(method="POST", headers=[CHUNKED]))
    connection.body(b"abc", more=True)
    task = connection.start()
    assert await asyncio.to_thread(reading.wait, 5)
    if by == "cancel":
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    else:
        connection.disconnect()
        await task
    assert len(seen) == 1
    assert caplog.records == []


async def test_request_cancelled_before_its_token_never_runs(spooled: list[IO[bytes]]) -> None:
    entered, release = threading.Event(), threading.Event()
    paths: list[str] = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        paths.append(environ["PATH_INFO"])
        entered.set()
        release.wait(5)
        return hello(environ, start_response)

    adapter = serve(app, tokens=1, body_memory_bytes=1)
    first, second = (Connection(adapter, http_scope(path)) for path in ("/first", "/second"))
    first.body(b"")
    second.body(b"on", b"disk")
    running = first.start()
    assert await asyncio.to_thread(entered.wait, 5)
    waiting = second.start()
    while adapter._capacity.statistics().waiting == 0:  # noqa: ASYNC110 - the limiter has no event
        await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not running.done(), "the cancelled request has waited for a token"
    release.set()
    await running
    assert paths == ["/first"]
    assert [file.closed for file in spooled] == [True]
    assert adapter._capacity.statistics().running == 0


@pytest.mark.parametrize("how", ["task", "scope"])
async def test_token_is_held_until_the_thread_is_done(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both for a plain asyncio cancel and for AnyIO's, and even if it comes twice."""
    entered, release = threading.Event(), threading.Event()
    waits: list[bool] = []
    wait = asyncio.wait

    def counting(tasks: Any) -> Any:
        waits.append(True)
        return wait(tasks)

    def app(environ: Any, start_response: Any) -> list[bytes]:
        entered.set()
        release.wait(5)
        return hello(environ, start_response)

    adapter = serve(app, tokens=1)
    connection = Connection(adapter, http_scope())
    connection.body(b"")
    monkeypatch.setattr(asyncio, "wait", counting)
    scope = anyio.CancelScope()

    async def run() -> None:
        with scope:
            await adapter(connection._scope, connection._receive, connection._send)

    task = asyncio.create_task(run())
    assert await asyncio.to_thread(entered.wait, 5)
    for _ in range(2):
        (task if how == "task" else scope).cancel()
        for _ in range(20):
            await asyncio.sleep(0)
        assert not task.done()
        assert adapter._capacity.statistics().running == 1
    release.set()
    await wait({task})
    assert len(waits) < 10, "the loop was kept busy"  # once per cancel; without a shield once per turn of the loop
    assert task.cancelled() == (how == "task")
    assert adapter._capacity.statistics().running == 0
    assert connection.sent == []


async def test_failure_is_one_record_and_says_nothing_to_the_client(caplog: pytest.LogCaptureFixture) -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        msg = "the password is 1234"
        raise ValueError(msg)

    connection = await fetch(serve(app), http_scope("/a\nb", query_string=b"token=1"))
    assert (connection.status, connection.content) == (500, b"Internal Server Error\n")
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("bridge.wsgi", logging.ERROR)
    assert record.exc_info is not None
    assert record.getMessage() == r"GET '/a\nb': the application failed: ValueError"


async def test_failure_in_mid_stream_is_one_record_and_raises(caplog: pytest.LogCaptureFixture) -> None:
    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"a"
        msg = "oops"
        raise ValueError(msg)

    connection = Connection(serve(app), http_scope())
    connection.body(b"")
    with pytest.raises(ResponseAborted) as info:
        await connection.start()
    assert isinstance(info.value.__cause__, ValueError)
    assert len(caplog.records) == 1


async def test_failing_close_does_not_harm_the_response(caplog: pytest.LogCaptureFixture) -> None:
    class Body(list[bytes]):
        def close(self) -> None:
            msg = "oops"
            raise ValueError(msg)

    def app(environ: Any, start_response: Any) -> Body:
        start_response("200 OK", [])
        return Body([b"ok"])

    connection = await fetch(serve(app))
    assert (connection.content, connection.complete) == (b"ok", True)
    assert [record.getMessage() for record in caplog.records] == ["GET '/': closing the response failed: ValueError"]


async def test_response_is_sent_before_it_is_closed() -> None:
    """A slow call_on_close must not keep the client waiting."""
    sent = threading.Event()
    app = Flask("x")

    @app.get("/")
    def view() -> Any:
        response = app.make_response("ok")
        response.call_on_close(lambda: closed.append(sent.wait(5)))
        return response

    closed: list[bool] = []
    connection = Connection(serve(app), http_scope())
    connection.body(b"")
    task = connection.start()
    await connection.until(b"ok")
    sent.set()
    await task
    assert closed == [True]


async def test_surplus_body_is_one_record(caplog: pytest.LogCaptureFixture) -> None:
    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        write = start_response("200 OK", [("Content-Length", "1")])
        write(b"ab")
        write(b"cd")
        yield b"ef"

    assert (await fetch(serve(app))).content == b"a"
    assert len(caplog.records) == 1


async def test_send_that_raises_means_a_disconnect(caplog: pytest.LogCaptureFixture) -> None:
    """ASGI 2.4: send raises OSError when the client has gone."""
    closed = threading.Event()

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            while True:
                yield b"tick"

        def close(self) -> None:
            closed.set()

    def app(environ: Any, start_response: Any) -> Body:
        start_response("200 OK", [])
        return Body()

    async def receive() -> Any:
        if received:
            await asyncio.Event().wait()
        received.append(True)
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        raise BrokenPipeError

    received: list[bool] = []
    await serve(app)(http_scope(), receive, send)
    assert closed.is_set()
    assert caplog.records == []


async def test_denial_response_is_used_where_the_server_has_it() -> None:
    scope = http_scope(type="websocket", extensions={"websocket.http.response": {}})
    connection = Connection(serve(), scope)
    connection._inbound.put_nowait({"type": "websocket.connect"})
    await connection.start()
    assert connection.sent[0]["type"] == "websocket.http.response.start"
    assert connection.sent[0]["status"] == 403
    assert connection._inbound.empty(), "ASGI wants the handshake to be received before it is refused"


async def test_unknown_scope_is_an_error() -> None:
    with pytest.raises(UnsupportedScope):
        await Connection(serve(), {"type": "carrier pigeon"}).start()


async def test_error_of_the_offload_reaches_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    """What refuses the work, such as a full queue, is for the error handlers of the application in front."""

    class Full(Exception):
        pass

    async def refusing(*_: Any, **__: Any) -> None:
        raise Full

    monkeypatch.setattr(asgi, "offload", refusing)
    with pytest.raises(Full):
        await fetch(serve())
