"""
Flask under its own server, and behind the facade.

The reference is gunicorn with threads (``gthread``), which most Flask applications are deployed with, in a process of its
own: one worker, a port for each application. The facade runs under uvicorn, in a thread of this process.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final
from unittest.mock import patch

from fastapi import FastAPI

from async_app.local import serving
from bridge import Bridge, Database
from legacy_sync import create_app as create_legacy
from tests.conftest import ROOT, SECRET_KEY
from tests.corpus.awkward import create_app
from tests.corpus.clock import StillSessionInterface

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIEnvironment

    from flask import Flask

    from bridge.types import ASGIApp, WSGIApp
    from tests.corpus.awkward import Variant

__all__ = ["APPS", "behind_facade", "flask_app", "gunicorn", "reference", "uvicorn_ports"]

VARIANTS: Final[tuple[Variant, ...]] = ("plain", "json", "hosts", "subdomains")
APPS: Final = (*VARIANTS, "legacy")
# Which proxies are believed is the setting of a server, and its default differs.
NO_PROXY: Final = {"FORWARDED_ALLOW_IPS": ""}
STOP_TIMEOUT_S: Final = 10.0


def flask_app(name: str, database: Database) -> Flask:
    """Build the application that requests for *name* are for."""
    if name == "legacy":
        app = create_legacy({"ENGINE": database.sync_engine, "SECRET_KEY": SECRET_KEY})
        app.session_interface = StillSessionInterface()
        return app
    return create_app(next(variant for variant in VARIANTS if variant == name))


def behind_facade(flask: Flask, database: Database) -> FastAPI:
    """Put a FastAPI application without routes of its own in front of *flask*: nothing is ported."""
    app = FastAPI()
    Bridge(database=database, legacy=flask, path_header=False).install(app)
    return app


def reference() -> WSGIApp:
    """Build every application for gunicorn; the port of the request tells which one is meant."""
    database = Database(os.environ["CORPUS_DATABASE_URL"])
    apps = {port: flask_app(name, database) for name, port in json.loads(os.environ["CORPUS_PORTS"]).items()}

    def choose(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return apps[int(environ["SERVER_PORT"])](environ, start_response)

    return choose


@contextmanager
def gunicorn(database_url: str) -> Iterator[dict[str, int]]:
    """Serve every application with gunicorn, and yield the port of each."""
    with ExitStack() as sockets:
        listeners = {name: sockets.enter_context(socket.create_server(("127.0.0.1", 0))) for name in APPS}
        ports: dict[str, int] = {name: listener.getsockname()[1] for name, listener in listeners.items()}
        binds = [part for listener in listeners.values() for part in ("--bind", f"fd://{listener.fileno()}")]
        options = ["--worker-class", "gthread", "--threads", "4", "--log-level", "critical", *binds]
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *options, "tests.corpus.servers:reference()"],
            cwd=ROOT,
            env={**os.environ, **NO_PROXY, "CORPUS_PORTS": json.dumps(ports), "CORPUS_DATABASE_URL": database_url},
            pass_fds=[listener.fileno() for listener in listeners.values()],
            stderr=subprocess.DEVNULL,  # tracebacks of the views that fail on purpose
        )
        try:
            yield ports  # connections wait in the sockets' queues until it is up
        finally:
            process.terminate()
            process.wait(STOP_TIMEOUT_S)


@contextmanager
def uvicorn_ports(apps: dict[str, ASGIApp]) -> Iterator[dict[str, int]]:
    """Serve each of *apps* with uvicorn, and yield its port."""
    with patch.dict(os.environ, NO_PROXY), ExitStack() as servers:
        yield {name: int(servers.enter_context(serving(app)).rpartition(":")[2]) for name, app in apps.items()}
