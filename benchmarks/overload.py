"""
Five hundred requests at a time of 50 ms each, over a pool of twenty connections: more than there is room for, for as long as it takes.

``python -m benchmarks.overload`` prints the table and writes ``benchmarks/results/overload.json``. The ideal is what twenty connections
can do, 400 requests per second. Each server gets a fresh process in each round, because one that hangs would spoil the next round.

The *floor* is what the sessions alone make of the pool: a thread for each connection runs the statement over and over, without a server.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from rich.console import Console
from rich.progress import track

from async_app.local import local_server_url
from benchmarks.lag import percentile_ms
from benchmarks.overload_application import CONNECTIONS, STATEMENT_S, database, wait
from benchmarks.results import save
from benchmarks.servers import Server, require_wrk, serving
from benchmarks.tables import show
from bridge.testing import TemplateDatabase

SERVERS = {
    "bridged": "bridged",
    "bridged, read-only": "bridged_read_only",
    "FastAPI def + yield session": "fastapi_def",
    "hand-written anyio.to_thread": "hand_written",
}
FLOOR = "floor: threads alone"
CLIENTS = 500
IDEAL_PER_S = CONNECTIONS / STATEMENT_S
# Longer than the pool's own 30 seconds, so that it is the server that decides what becomes of a request.
CLIENT_TIMEOUT_S = 60
SUMMARY_SCRIPT = """done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('{"answers": %d, "seconds": %f, "status": %d, "socket": %d, "p50_ms": %f, "p99_ms": %f}',
    summary.requests, summary.duration / 1e6, e.status, e.connect + e.read + e.write + e.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
"""


def load(server: Server, script: Path, *, clients: int, seconds: int) -> dict[str, Any]:
    """Load a server for some seconds; return what its clients saw, and its processor time and loop lag."""
    _lag(server)
    url, before = f"{server.address}/wait", server.cpu_s()
    output = subprocess.run(
        ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", f"--timeout={CLIENT_TIMEOUT_S}s", f"-s{script}", url],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = json.loads(output[output.rindex("{") :])
    served = found["answers"] - found["status"]
    return {
        "requests_per_second": served / found["seconds"],
        "share_of_ideal": served / found["seconds"] / IDEAL_PER_S,
        "errors": found["status"] + found["socket"],
        "p50_ms": found["p50_ms"] if served else None,
        "p99_ms": found["p99_ms"] if served else None,
        "lag_p99_ms": _lag(server),
        "cpu_us_per_request": (server.cpu_s() - before) / served * 1e6 if served else None,
    }


def floor(seconds: int) -> dict[str, Any]:
    """Run the statement over and over on a thread for each connection."""
    pooled = database()

    def once() -> float:
        before = time.perf_counter()
        with pooled.sessions() as session, session.begin():
            wait(session)
        return time.perf_counter() - before

    def keep_on() -> list[float]:
        end = time.perf_counter() + seconds
        took = []
        while time.perf_counter() < end:
            took.append(once())
        return took

    with ThreadPoolExecutor(CONNECTIONS) as threads:
        for opening in [threads.submit(once) for _ in range(CONNECTIONS)]:  # of a connection each
            opening.result()
        cpu = time.process_time()
        runs = [threads.submit(keep_on) for _ in range(CONNECTIONS)]
        took = list(chain.from_iterable(run.result() for run in runs))
        cpu = time.process_time() - cpu
    pooled.sync_engine.dispose()
    rate = CONNECTIONS * len(took) / sum(took)
    return {
        "requests_per_second": rate,
        "share_of_ideal": rate / IDEAL_PER_S,
        "errors": 0,
        "p50_ms": percentile_ms(took, 50),
        "p99_ms": percentile_ms(took, 99),
        "cpu_us_per_request": cpu / len(took) * 1e6,
    }


def _lag(server: Server) -> float | None:
    try:
        return float(httpx.get(f"{server.address}/lag", timeout=5).text)
    except httpx.TransportError:  # it hangs: that is a result, too
        return None


def measure(rounds: int, seconds: int) -> list[dict[str, Any]]:
    """Return the medians of every server, and of the floor; of the errors the sum."""
    measured: dict[str, list[dict[str, Any]]] = {name: [] for name in (*SERVERS, FLOOR)}
    with tempfile.TemporaryDirectory() as directory:
        script = Path(directory) / "summary.lua"
        script.write_text(SUMMARY_SCRIPT)
        for _ in track(range(rounds), f"{CLIENTS} at a time"):
            for name, factory in SERVERS.items():
                target = f"benchmarks.overload_application:{factory}"
                with serving("uvicorn", target, dict(os.environ), probe="/lag", threads=CONNECTIONS) as server:
                    load(server, script, clients=CONNECTIONS, seconds=1)  # opens the connections
                    measured[name].append(load(server, script, clients=CLIENTS, seconds=seconds))
            measured[FLOOR].append(floor(seconds))
    return [{"server": name, **_medians(found)} for name, found in measured.items()]


def _medians(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    medians: dict[str, Any] = {}
    for key in rounds[0]:
        values = [found[key] for found in rounds if found[key] is not None]
        medians[key] = sum(values) if key == "errors" else round(median(values), 3) if values else None
    return medians


def main() -> None:
    """Run the comparison and save it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overload", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="rounds (default 3)")
    parser.add_argument("--seconds", type=int, default=15, help="load per server and round, in seconds (default 15)")
    arguments = parser.parse_args()
    require_wrk()
    console = Console()
    with ExitStack() as stack:
        server_url = stack.enter_context(local_server_url(console))
        template = TemplateDatabase(server_url, lambda _engine: None)
        stack.callback(template.drop)
        os.environ["BENCHMARK_DATABASE_URL"] = stack.enter_context(template.clone())
        rows = measure(arguments.rounds, arguments.seconds)
    save("overload", rows)
    show("overload", console)


if __name__ == "__main__":
    main()
