"""Servers in processes of their own, and the load on them."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from statistics import median
from typing import TYPE_CHECKING, Any

import httpx
import psutil
from rich.progress import track

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["Server", "gunicorn", "interleaved", "require_wrk", "serving", "uvicorn"]

STARTUP_TIMEOUT_S = 20
SHUTDOWN_TIMEOUT_S = 3
RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
COUNT = re.compile(r"(\d+) requests in")
FAILED = re.compile(r"Non-2xx|Socket errors: .*")


class Server:
    """
    A server that runs.

    Attributes:
        address: Where it listens.
    """

    def __init__(self, address: str, process: subprocess.Popen[bytes]) -> None:
        self.address = address
        self._process = psutil.Process(process.pid)

    def cpu_s(self) -> float:
        """Return the processor time it and its children have used, in seconds."""
        family = [self._process, *self._process.children(recursive=True)]
        return sum(sum(member.cpu_times()[:2]) for member in family)

    def load(
        self, path: str, *, connections: int, seconds: int, script: Path | None = None
    ) -> tuple[float, float] | None:
        """
        Load *path* for some seconds.

        Returns:
            Requests per second and processor time per request in microseconds; None if there were answers with errors.
        """
        before = self.cpu_s()
        options = ["-t1", f"-c{connections}", f"-d{seconds}s", *(["-s", str(script)] if script else [])]
        output = subprocess.run(
            ["wrk", *options, self.address + path], capture_output=True, text=True, check=True
        ).stdout
        rate, count = RATE.search(output), COUNT.search(output)
        if rate is None or count is None or int(count[1]) == 0 or FAILED.search(output):
            return None
        return float(rate[1]), (self.cpu_s() - before) / int(count[1]) * 1e6


def require_wrk() -> None:
    """Stop with an explanation where wrk, which makes the load, is missing."""
    if shutil.which("wrk") is None:
        raise SystemExit("wrk makes the load and is not installed: install the package 'wrk' of your system")


def uvicorn(factory: str, port: int) -> list[str]:
    """Return the command that serves what *factory* makes under uvicorn."""
    options = ["--port", str(port), "--log-level", "critical", "--no-access-log"]
    return [sys.executable, "-m", "uvicorn", "--factory", factory, *options]


def gunicorn(factory: str, port: int, *, threads: int) -> list[str]:
    """Return the command that serves what *factory* makes under gunicorn's threads, in one process."""
    options = ["--worker-class", "gthread", "--workers", "1", "--threads", str(threads), "--keep-alive", "60"]
    return [
        sys.executable,
        "-m",
        "gunicorn",
        *options,
        "--log-level",
        "warning",
        "--bind",
        f"127.0.0.1:{port}",
        f"{factory}()",
    ]


@contextmanager
def serving(server: str, factory: str, environ: dict[str, str], *, probe: str, threads: int) -> Iterator[Server]:
    """Run *factory* under *server*, ``uvicorn`` or ``gunicorn``, and yield it when it answers *probe*."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = uvicorn(factory, port) if server == "uvicorn" else gunicorn(factory, port, threads=threads)
    with subprocess.Popen(command, env=environ) as process:
        try:
            _wait(f"http://127.0.0.1:{port}{probe}", process)
            yield Server(f"http://127.0.0.1:{port}", process)
        finally:
            process.terminate()
            try:
                process.wait(SHUTDOWN_TIMEOUT_S)
            except subprocess.TimeoutExpired:  # its threads are stuck
                process.kill()


def interleaved(
    servers: Mapping[str, Server],
    title: str,
    path: str,
    *,
    references: Sequence[str],
    rounds: int,
    connections: int,
    seconds: int,
    script: Path | None,
) -> list[dict[str, Any]]:
    """
    Load every server in turn, round by round.

    Returns:
        For each server a row with the medians of its requests per second, of its processor time per request in microseconds, and of
        the ratios of each reference's throughput to its own; None and no ratios where it answered with errors.
    """
    measured: dict[str, list[tuple[float, float] | None]] = {name: [] for name in servers}
    for _ in track(range(rounds), f"{title}, {connections} connections"):
        for name, server in servers.items():
            measured[name].append(server.load(path, connections=connections, seconds=seconds, script=script))
    return [_row(name, measured, references) for name in servers]


def _row(
    name: str, measured: Mapping[str, list[tuple[float, float] | None]], references: Sequence[str]
) -> dict[str, Any]:
    own = [each for each in measured[name] if each]
    if len(own) < len(measured[name]):
        return {"server": name, "requests_per_second": None, "cpu_us_per_request": None, "ratios": {}}
    ratios = {}
    for reference in references:
        pairs = [(theirs[0], mine[0]) for theirs, mine in zip(measured[reference], own, strict=True) if theirs]
        if pairs:
            ratios[reference] = round(median(theirs / mine for theirs, mine in pairs), 2)
    return {
        "server": name,
        "requests_per_second": round(median(rate for rate, _ in own), 1),
        "cpu_us_per_request": round(median(cpu_us for _, cpu_us in own), 1),
        "ratios": ratios,
    }


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + STARTUP_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(url).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise SystemExit("a server did not start: see its messages above")
