"""Nothing is left behind by requests that break, and large bodies do not stay in memory."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import http.client
import random
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask, Response, g, has_app_context, has_request_context, request

from bridge.offload import Capacity
from bridge.wsgi import Settings, WSGIAdapter
from tests.conformance.client import Connection, fetch, http_scope
from tests.integration.servers import serving
from tests.integration.wsgi_application import BLOCK

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUESTS = 1000
TOKENS = 4
SEED = 20240607


class _Application:
    """A Flask application that counts what is open, and whose view waits until it is let go."""

    def __init__(self) -> None:
        self.flask = Flask("faults")
        self.flask.logger.disabled = True
        self.lock = threading.Lock()
        self.contexts = 0
        self.streams = 0
        self.dirty: list[str] = []
        self.flask.before_request(self._enter)
        self.flask.teardown_appcontext(self._leave)
        self.flask.post("/")(self._view)

    def _enter(self) -> None:
        if g.get("mark"):
            self.dirty.append("g")
        g.mark = True
        with self.lock:
            self.contexts += 1

    def _leave(self, _: Any) -> None:
        with self.lock:
            self.contexts -= 1

    def _view(self) -> Response:
        size = len(request.get_data())

        def body() -> Iterator[bytes]:
            with self.lock:
                self.streams += 1
            try:
                for _ in range(50):
                    yield b"x" * 3000
            finally:
                with self.lock:
                    self.streams -= 1

        if request.args.get("stream"):
            return Response(body())
        return Response(str(size))


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def _break(connection: Connection, dice: random.Random, point: str, how: str) -> None:
    """Break one request at *point*: some turns of the loop after it has got there."""
    task = connection.start()
    size = dice.choice([10, 3000])
    if point != "before":
        connection.body(b"x" * size, more=True)
        if point == "upload":
            for _ in range(dice.randrange(6)):
                connection.body(b"x" * size, more=True)
                await asyncio.sleep(0)
        else:
            connection.body(b"x" * size)
    if point == "stream":
        await connection.until(b"x")
        if dice.random() < 0.5:
            connection.reading.clear()
    for _ in range(dice.randrange(12)):
        await asyncio.sleep(0)
    if how == "cancel":
        task.cancel()
    else:
        connection.disconnect()
    if point == "upload":
        connection.body(b"", more=False)
    with contextlib.suppress(asyncio.CancelledError):
        await task
    connection.reading.set()


@pytest.mark.parametrize("body", ["spool", "on_demand"])
async def test_thousand_broken_requests_leave_nothing(body: Any, caplog: pytest.LogCaptureFixture) -> None:
    dice = random.Random(SEED)
    application = _Application()
    capacity = Capacity(TOKENS)
    settings = Settings(body=body, body_memory_bytes=4000, stream_buffer_bytes=5000)
    adapter = WSGIAdapter(application.flask, capacity=capacity, settings=settings)

    def scope() -> Any:
        headers = [(b"transfer-encoding", b"chunked")]
        return http_scope(method="POST", headers=headers, query_string=b"stream=1")

    async def batch(count: int) -> None:
        points = [dice.choice(["before", "upload", "view", "stream"]) for _ in range(count)]
        hows = [dice.choice(["cancel", "disconnect"]) for _ in range(count)]
        await asyncio.gather(
            *(_break(Connection(adapter, scope()), dice, *pair) for pair in zip(points, hows, strict=True))
        )

    others = set(threading.enumerate())
    await batch(20)  # opens what stays open
    gc.collect()
    files = _open_files()
    for _ in range(REQUESTS // 20):
        await batch(20)
    gc.collect()
    statistics = capacity.statistics()
    assert (statistics.running, statistics.waiting) == (0, 0)
    # Stopping a call takes a thread besides the one it runs on, and idle threads stay for some seconds; fifty times as many
    # requests were broken.
    assert len(set(threading.enumerate()) - others) <= 5 * TOKENS
    assert _open_files() <= files
    assert (application.contexts, application.streams, application.dirty) == (0, 0, [])
    assert not has_app_context()
    assert not has_request_context()
    assert len(asyncio.all_tasks()) == 1
    assert caplog.records == []
    connection = await fetch(adapter, http_scope(method="POST", headers=[(b"content-length", b"2")]), b"ok")
    assert connection.content == b"2"


_MEBIBYTE = 1_048_576
_BLOCKS = 1024


def _peak_bytes(pid: int) -> int:
    """The most memory that a process has ever held (VmHWM): sampling could miss it."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


@pytest.mark.timeout(120)
@pytest.mark.parametrize("body", ["spool", "on_demand"])
def test_upload_of_1_gib_takes_less_than_64_mib(body: str) -> None:
    with serving("uvicorn", BRIDGE_TEST_ON_DEMAND="1" if body == "on_demand" else "") as server:
        client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        client.request("GET", "/")
        client.getresponse().read()
        before = _peak_bytes(server.process.pid)
        client.request("POST", "/count", (BLOCK for _ in range(_BLOCKS)), {"Content-Length": str(_BLOCKS * _MEBIBYTE)})
        assert client.getresponse().read() == str(_BLOCKS * _MEBIBYTE).encode()
        assert _peak_bytes(server.process.pid) - before < 64 * _MEBIBYTE
        client.close()


@pytest.mark.timeout(120)
def test_download_of_1_gib_takes_less_than_64_mib() -> None:
    with serving("uvicorn") as server:
        client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        client.request("GET", "/")
        client.getresponse().read()
        before = _peak_bytes(server.process.pid)
        client.request("GET", f"/download/{_BLOCKS}")
        response = client.getresponse()
        buffer = bytearray(_MEBIBYTE)
        received = 0
        while count := response.readinto(buffer):
            received += count
        assert received == _BLOCKS * _MEBIBYTE
        assert _peak_bytes(server.process.pid) - before < 64 * _MEBIBYTE
        client.close()
