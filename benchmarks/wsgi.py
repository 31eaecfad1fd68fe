"""
Flask behind ASGI: this library's adapter against its peers under uvicorn, and gunicorn's threads as the native yardstick.

``python -m benchmarks.wsgi`` prints the table and writes ``benchmarks/results/wsgi.json``. Every server runs in a process of its own
with ten threads; the load comes from wrk, which takes turns between them, round by round; each number is the median of the rounds.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import httpx
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from async_app.local import fill_if_empty, local_server_url
from benchmarks.results import save
from benchmarks.wsgi_application import BLOCK, BLOCKS, THREADS
from bridge.testing import TemplateDatabase

if TYPE_CHECKING:
    from collections.abc import Iterator

PEERS = ("ours", "a2wsgi", "asgiref", "starlette")
SCENARIOS = {
    "trivial view": "/trivial",
    "JSON view with one query": "/json",
    "streamed 1 MiB": "/stream",
    "1 MiB upload": "/upload",
}
CONNECTIONS = 16
STARTUP_TIMEOUT_S = 20
UPLOAD_SCRIPT = f'wrk.method = "POST"\nwrk.body = string.rep("x", {len(BLOCK) * BLOCKS})\n'
RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
FAILED = re.compile(r"Non-2xx|Socket errors: .*")


def _command(server: str, port: int) -> list[str]:
    if server == "gunicorn":
        options = ["--worker-class", "gthread", "--workers", "1", "--threads", str(THREADS), "--log-level", "warning"]
        options += ["--keep-alive", "60"]
        return [
            sys.executable,
            "-m",
            "gunicorn",
            *options,
            "--bind",
            f"127.0.0.1:{port}",
            "benchmarks.wsgi_application:application()",
        ]
    options = ["--port", str(port), "--log-level", "warning", "--no-access-log", "--lifespan", "off"]
    return [sys.executable, "-m", "uvicorn", "--factory", f"benchmarks.wsgi_application:{server}", *options]


@contextmanager
def serving(server: str, environ: dict[str, str]) -> Iterator[str]:
    """Run *server* in a process of its own and yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen(_command(server, port), env=environ) as process:
        address = f"http://127.0.0.1:{port}"
        try:
            _wait(address, process)
            yield address
        finally:
            process.terminate()


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + STARTUP_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{address}/trivial").text == "hello":
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise SystemExit("a server did not start: see its messages above")


def requests_per_second(url: str, seconds: int, script: Path | None) -> float:
    """Load *url* for some seconds and return the throughput."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", *(["-s", str(script)] if script else []), url]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    problem = FAILED.search(output)
    rate = RATE.search(output)
    if rate is None or problem:
        msg = f"{url}: {problem[0] if problem else output}"
        raise SystemExit(msg)
    return float(rate[1])


def measure(addresses: dict[str, str], rounds: int, seconds: int) -> list[dict[str, Any]]:
    """Return the median throughput of every server in every scenario."""
    rows = []
    with tempfile.TemporaryDirectory() as directory:
        script = Path(directory) / "upload.lua"
        script.write_text(UPLOAD_SCRIPT)
        for scenario, path in SCENARIOS.items():
            rates: dict[str, list[float]] = {server: [] for server in addresses}
            for _ in track(range(rounds), scenario):
                for server, address in addresses.items():
                    upload = script if path == "/upload" else None
                    rates[server].append(requests_per_second(address + path, seconds, upload))
            for server, measured in rates.items():
                ratio = median(ours / theirs for ours, theirs in zip(rates["ours"], measured, strict=True))
                rows.append(
                    {
                        "scenario": scenario,
                        "server": server,
                        "requests_per_second": round(median(measured), 1),
                        "ours_to_this": round(ratio, 2),
                    }
                )
    return rows


def main() -> None:
    """Run the comparison and save it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.wsgi", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds per scenario (default 5)")
    parser.add_argument("--seconds", type=int, default=2, help="load per server and round, in seconds (default 2)")
    arguments = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk makes the load and is not installed: install the package 'wrk' of your system")
    console = Console()
    with ExitStack() as stack:
        server_url = stack.enter_context(local_server_url(console))
        template = TemplateDatabase(server_url, lambda engine: fill_if_empty(engine, console, users=100, posts=100))
        stack.callback(template.drop)
        url = stack.enter_context(template.clone())
        engine = create_engine(url, poolclass=NullPool)
        environ = {**os.environ, "BENCHMARK_DATABASE_URL": engine.url.render_as_string(hide_password=False)}
        servers = (*PEERS, "gunicorn")
        addresses = {server: stack.enter_context(serving(server, environ)) for server in servers}
        rows = measure(addresses, arguments.rounds, arguments.seconds)
    table = Table("scenario", "server", "requests/s", "ours is", title="Flask behind ASGI")
    for row in rows:
        table.add_row(
            row["scenario"], row["server"], f"{row['requests_per_second']:,.0f}", f"{row['ours_to_this']:.2f} x"
        )
    console.print(table)
    save("wsgi", rows)


if __name__ == "__main__":
    main()
