"""Real servers in processes of their own."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["COMMANDS", "Server", "serving"]

_ASGI = "tests.integration.wsgi_application:asgi_app"
_WSGI = "tests.integration.wsgi_application:flask_app"
_QUIET = ["--log-level", "warning"]
COMMANDS = {
    "uvicorn": ["uvicorn", _ASGI, "--host", "127.0.0.1", "--port", "{port}", *_QUIET],
    "hypercorn": ["hypercorn", _ASGI, "--bind", "127.0.0.1:{port}", *_QUIET],
    "granian": ["granian", _ASGI, "--interface", "asgi", "--host", "127.0.0.1", "--port", "{port}", *_QUIET],
    "gunicorn": ["gunicorn", _WSGI, "--bind", "127.0.0.1:{port}", "--threads", "2", *_QUIET],
}


class Server:
    """A server that answers on a port of 127.0.0.1."""

    def __init__(self, port: int, process: subprocess.Popen[bytes]) -> None:
        self.port = port
        self.process = process

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def exchange(self, request: bytes) -> bytes:
        """Send raw bytes, and return what comes back until the server closes the connection."""
        with self.connect() as connection:
            connection.sendall(request)
            received = b""
            while block := connection.recv(65_536):
                received += block
        return received


@contextlib.contextmanager
def serving(name: str, **environment: str) -> Iterator[Server]:
    """Run the server called *name* until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", *(word.format(port=port) for word in COMMANDS[name])]
    process = subprocess.Popen(
        command, cwd=Path(__file__).parents[2], env=os.environ | environment, stdout=subprocess.DEVNULL
    )
    server = Server(port, process)
    try:
        deadline = time.monotonic() + 20
        while True:
            assert process.poll() is None, f"{name} ended with {process.returncode}"
            with contextlib.suppress(OSError), server.connect():
                break
            assert time.monotonic() < deadline, f"{name} did not start"
            time.sleep(0.05)  # another process: there is no event to wait for
        yield server
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
