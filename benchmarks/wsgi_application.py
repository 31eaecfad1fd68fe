"""The Flask application that every server of the benchmark runs, and the ways to run it."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING

from a2wsgi import WSGIMiddleware
from asgiref.wsgi import WsgiToAsgi
from flask import Flask, Response, request
from sqlalchemy import create_engine, text

from bridge import Capacity, WSGIAdapter

with warnings.catch_warnings():
    # Deprecated, but what FastAPI's documentation named for years.
    warnings.simplefilter("ignore")
    from starlette.middleware.wsgi import WSGIMiddleware as StarletteWSGI

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bridge.types import ASGIApp

THREADS = 10
BLOCK = b"x" * 65_536
BLOCKS = 16


def application() -> Flask:
    """Return the application: a trivial view, a view with one query, a stream of 1 MiB, an upload."""
    app = Flask("benchmark")
    engine = create_engine(os.environ["BENCHMARK_DATABASE_URL"], pool_size=THREADS, max_overflow=0)
    statement = text("SELECT id, username, email, balance, created_at FROM users WHERE id = :id")

    @app.get("/trivial")
    def trivial() -> str:
        return "hello"

    @app.get("/json")
    def one_query() -> dict[str, object]:
        with engine.connect() as connection:
            return dict(connection.execute(statement, {"id": 3}).mappings().one())

    @app.get("/stream")
    def stream() -> Response:
        def blocks() -> Iterator[bytes]:
            for _ in range(BLOCKS):
                yield BLOCK

        return Response(blocks(), mimetype="application/octet-stream")

    @app.post("/upload")
    def upload() -> str:
        return str(len(request.get_data()))

    return app


def ours() -> ASGIApp:
    """Return the application behind this library's adapter."""
    return WSGIAdapter(application(), capacity=Capacity(THREADS))


def a2wsgi() -> ASGIApp:
    """Return the application behind a2wsgi."""
    return WSGIMiddleware(application(), workers=THREADS)  # type: ignore[arg-type, return-value]  # its own ASGI types


def asgiref() -> ASGIApp:
    """Return the application behind asgiref."""
    return WsgiToAsgi(application())  # type: ignore[no-any-return]  # asgiref is not typed


def starlette() -> ASGIApp:
    """Return the application behind Starlette's own middleware."""
    return StarletteWSGI(application())
