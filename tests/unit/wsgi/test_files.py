from __future__ import annotations

import io

from flask import Flask, Response, send_file

from bridge.offload import Capacity
from bridge.wsgi import WSGIAdapter
from bridge.wsgi.files import FileWrapper
from tests.conformance.client import fetch, http_scope


class _Counting(io.BytesIO):
    bytes_read = 0

    def read(self, size: int | None = -1, /) -> bytes:
        block = super().read(size)
        self.bytes_read += len(block)
        return block


class _OnlyRead:
    def __init__(self, blocks: list[bytes]) -> None:
        self._blocks = blocks

    def read(self, size: int) -> bytes:
        return self._blocks.pop(0) if self._blocks else b""


async def test_range_does_not_read_what_comes_before() -> None:
    file = _Counting(b"x" * 10_000_000)
    app = Flask("x")

    @app.get("/")
    def view() -> Response:
        return send_file(file, mimetype="application/x-data")

    adapter = WSGIAdapter(app, capacity=Capacity(1))
    connection = await fetch(adapter, http_scope(headers=[(b"range", b"bytes=9000000-9000009")]))
    assert (connection.status, connection.content) == (206, b"x" * 10)
    assert file.bytes_read <= 65_536
    assert file.closed


def test_file_needs_no_method_but_read() -> None:
    wrapper = FileWrapper(_OnlyRead([b"a", b"b"]))  # type: ignore[arg-type]  # has no more than read
    assert list(wrapper) == [b"a", b"b"]
    assert not wrapper.seekable()
    wrapper.close()


def test_small_blocks_are_enlarged() -> None:
    wrapper = FileWrapper(io.BytesIO(b"x" * 100_000), 8192)
    assert [len(block) for block in wrapper] == [65_536, 34_464]
