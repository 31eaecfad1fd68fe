"""A database and a server on this machine, for the demo and for trying things out."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import uvicorn
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from bridge.testing import postgres_server
from legacy_sync.database import create_schema
from legacy_sync.seed import seed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.console import Console
    from sqlalchemy.engine import Engine

    from bridge.types import ASGIApp

__all__ = ["fill_if_empty", "local_server_url", "serving", "serving_process"]

DIRECTORY: Final = Path(__file__).resolve().parent.parent / ".postgres"
STARTUP_TIMEOUT_S: Final = 30.0


@contextmanager
def local_server_url(console: Console) -> Iterator[str]:
    """Yield ``DATABASE_URL`` if it is set, else the URL of a PostgreSQL server of our own, which is stopped afterwards."""
    given = os.environ.get("DATABASE_URL")
    if given:
        console.print("Using the database of DATABASE_URL.")
        yield given
        return
    console.print("Starting PostgreSQL (set DATABASE_URL to use another) ...")
    with postgres_server(DIRECTORY) as url:
        yield url


def fill_if_empty(engine: Engine, console: Console, *, users: int, posts: int) -> None:
    """Create the tables and fill them, unless the database has tables already."""
    if inspect(engine).get_table_names():
        return
    create_schema(engine)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Session(engine) as session, Progress(*columns, console=console) as progress:
        task = progress.add_task(f"Seeding {users:,} users and {posts:,} posts", total=users + posts)
        seed(session, users=users, posts=posts, on_progress=lambda done, _total: progress.update(task, completed=done))


@contextmanager
def serving_process(factory: str, environ: Mapping[str, str]) -> Iterator[str]:
    """
    Serve what *factory* makes under uvicorn on a free port, in a process of its own, and yield its address.

    Args:
        factory: As ``module:name``.
        environ: The environment of the process.

    Raises:
        RuntimeError: The server did not come up; its log says why.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        command = [
            sys.executable,
            "-m",
            "uvicorn",
            "--factory",
            factory,
            "--fd",
            str(listener.fileno()),
            "--log-level",
            "warning",
        ]
        with subprocess.Popen(command, env=environ, pass_fds=[listener.fileno()]) as process:  # noqa: S603 - our own command
            try:
                _await_answer(port, process)
                yield f"http://127.0.0.1:{port}"
            finally:
                process.terminate()


def _await_answer(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until the server answers; its socket takes connections before that."""
    deadline = time.monotonic() + STARTUP_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            if connection.recv(1):
                return
    raise RuntimeError("uvicorn did not start: see its messages above")


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """
    Serve *app* under uvicorn on a free port, from a thread of this process, and yield its address.

    Raises:
        RuntimeError: The server did not come up; its log says why.
    """
    # asyncio switches Nagle's algorithm off only where the protocol is named; without that, answers wait 40 ms for an ACK.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="uvicorn", daemon=True)
        thread.start()
        deadline = threading.Event()
        waited_s = 0.0
        while not server.started:
            if not thread.is_alive() or waited_s > STARTUP_TIMEOUT_S:
                raise RuntimeError("uvicorn did not start: see its messages above")
            deadline.wait(0.02)
            waited_s += 0.02
        try:
            yield "http://{}:{}".format(*listener.getsockname())
        finally:
            server.should_exit = True
            thread.join()
