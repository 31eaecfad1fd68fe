"""
The same three operations, served in every way: what a request costs from the socket to the row.

``python -m benchmarks.endpoints`` prints the table and writes ``benchmarks/results/endpoints.json``. Every server runs in a process of
its own over a pool of ten connections; the load comes from wrk, which takes turns between them; each number is a median of rounds.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from async_app.local import fill_if_empty, local_server_url
from benchmarks.endpoints_application import CONNECTIONS
from benchmarks.results import save
from benchmarks.servers import interleaved, require_wrk, serving
from bridge.testing import TemplateDatabase

SERVERS = {
    "bridged": ("uvicorn", "bridged"),
    "native": ("uvicorn", "native"),
    "FastAPI def + yield session": ("uvicorn", "fastapi_def"),
    "hand-written anyio.to_thread": ("uvicorn", "hand_written"),
    "Flask under gunicorn gthread": ("gunicorn", "flask"),
}
SCENARIOS = {"get by key": "/users/3", "list with aggregate": "/stats", "insert": "/posts"}
INSERT_SCRIPT = """wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"title": "A title"}'
"""


def measure(environ: dict[str, str], rounds: int, seconds: int) -> list[dict[str, Any]]:
    """Return the medians of every server in every scenario, at 1 and at 32 connections."""
    rows = []
    with ExitStack() as stack:
        script = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "insert.lua"
        script.write_text(INSERT_SCRIPT)
        servers = {
            name: stack.enter_context(
                serving(
                    server,
                    f"benchmarks.endpoints_application:{factory}",
                    environ,
                    probe="/users/3",
                    threads=CONNECTIONS,
                )
            )
            for name, (server, factory) in SERVERS.items()
        }
        for connections in (1, 32):
            for scenario, path in SCENARIOS.items():
                found = interleaved(
                    servers,
                    scenario,
                    path,
                    rounds=rounds,
                    connections=connections,
                    seconds=seconds,
                    script=script if path == "/posts" else None,
                )
                for name, medians in found.items():
                    rate, cpu_us, ratio = medians or (None, None, None)
                    rows.append(
                        {
                            "connections": connections,
                            "scenario": scenario,
                            "server": name,
                            "requests_per_second": rate,
                            "cpu_us_per_request": cpu_us,
                            "bridged_to_this": ratio,
                        }
                    )
    return rows


def main() -> None:
    """Run the comparison and save it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.endpoints", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds per scenario (default 5)")
    parser.add_argument("--seconds", type=int, default=2, help="load per server and round, in seconds (default 2)")
    arguments = parser.parse_args()
    require_wrk()
    console = Console()
    with ExitStack() as stack:
        server_url = stack.enter_context(local_server_url(console))
        template = TemplateDatabase(server_url, lambda engine: fill_if_empty(engine, console, users=200, posts=500))
        stack.callback(template.drop)
        url = stack.enter_context(template.clone())
        rows = measure({**os.environ, "BENCHMARK_DATABASE_URL": url}, arguments.rounds, arguments.seconds)
    table = Table(
        "connections", "scenario", "server", "requests/s", "CPU µs/request", "bridged is", title="From socket to row"
    )
    for row in rows:
        numbers = row["requests_per_second"], row["cpu_us_per_request"], row["bridged_to_this"]
        shown = (
            ("answers with errors",)
            if None in numbers
            else (f"{numbers[0]:,.0f}", f"{numbers[1]:,.0f}", f"{numbers[2]:.2f} x")
        )
        table.add_row(str(row["connections"]), row["scenario"], row["server"], *shown)
    console.print(table)
    save("endpoints", rows)


if __name__ == "__main__":
    main()
