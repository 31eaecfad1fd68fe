"""A Flask application that servers load by name, and that reports on itself."""

from __future__ import annotations

import hashlib
import os
import threading
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request

from bridge.offload import Capacity
from bridge.wsgi import Settings, WSGIAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK = bytes(range(256)) * 4096  # 1 MiB

flask_app = Flask(__name__)
_closed = threading.Event()
_started = threading.Event()


@flask_app.get("/")
def index() -> str:
    return "hello"


@flask_app.get("/stream")
def stream() -> Response:
    return Response(f"{number}\n" for number in range(1000))


@flask_app.get("/endless")
def endless() -> Response:
    def ticks() -> Iterator[bytes]:
        try:
            while True:
                yield b"tick\n"
        finally:
            _closed.set()

    return Response(ticks())


@flask_app.get("/closed")
def closed() -> str:
    return str(_closed.wait(10))


@flask_app.post("/digest")
def digest() -> str:
    hashed = hashlib.sha256()
    length = 0
    while block := request.stream.read(len(BLOCK)):
        length += len(block)
        hashed.update(block)
    return f"{length} {hashed.hexdigest()}"


@flask_app.post("/count")
def count() -> str:
    length = 0
    while block := request.stream.read(len(BLOCK)):
        length += len(block)
    return str(length)


@flask_app.get("/download/<int:blocks>")
def download(blocks: int) -> Response:
    return Response((BLOCK for _ in range(blocks)), headers={"Content-Length": str(blocks * len(BLOCK))})


@flask_app.before_request
def everything() -> dict[str, Any] | None:
    """What the application sees of the request, as text; before routing, which does not take every path."""
    if not request.path.startswith("/x/"):
        return None
    texts = {name: value for name, value in request.environ.items() if isinstance(value, str)}
    body = request.environ["wsgi.input"].read().decode("latin-1")
    return {"environ": texts, "body": body, "terminated": request.environ.get("wsgi.input_terminated")}


asgi_app = WSGIAdapter(
    flask_app,
    capacity=Capacity(4),
    settings=Settings(body="on_demand" if os.environ.get("BRIDGE_TEST_ON_DEMAND") else "spool"),
)
