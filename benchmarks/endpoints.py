"""
The same three operations, served in every way: what a request costs from the socket to the row.

``python -m benchmarks.endpoints`` prints the table and writes ``benchmarks/results/endpoints.json``. Every server runs in a process of
its own over a pool of ten connections; the load comes from wrk, which takes turns between them; each number is a median of rounds.
``--connections`` and ``--scenario`` choose a part, and leave the others in the file as they are.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from itertools import product
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from async_app.local import fill_if_empty, local_server_url
from benchmarks.endpoints_application import CONNECTIONS
from benchmarks.results import save
from benchmarks.servers import Server, interleaved, require_wrk, serving
from benchmarks.tables import show
from bridge.testing import TemplateDatabase

SERVERS = {
    "bridged": ("uvicorn", "bridged"),
    "bridged, read-only": ("uvicorn", "bridged_read_only"),
    "native": ("uvicorn", "native"),
    "native, read-only": ("uvicorn", "native_read_only"),
    "raw asyncpg": ("uvicorn", "raw_asyncpg"),
    "FastAPI def + yield session": ("uvicorn", "fastapi_def"),
    "hand-written anyio.to_thread": ("uvicorn", "hand_written"),
    "the same on Database's engine": ("uvicorn", "hand_written_on_database"),
    "Flask under gunicorn gthread": ("gunicorn", "flask"),
}
SCENARIOS = {"get by key": "/users/3", "list with aggregate": "/stats", "insert": "/posts"}
INSERT_SCRIPT = """wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"title": "A title"}'
"""


def measure(
    environ: dict[str, str], settings: list[tuple[int, str]], rounds: int, seconds: int
) -> list[dict[str, Any]]:
    """Return the medians of every server in each of *settings*, a number of connections and a scenario."""
    rows: list[dict[str, Any]] = []
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
        check_same_answers(servers)
        for connections, scenario in settings:
            rows += [
                {"connections": connections, "scenario": scenario, **row}
                for row in interleaved(
                    servers,
                    scenario,
                    SCENARIOS[scenario],
                    references=["bridged", "bridged, read-only"],
                    rounds=rounds,
                    connections=connections,
                    seconds=seconds,
                    script=script if scenario == "insert" else None,
                )
            ]
    return rows


def check_same_answers(servers: Mapping[str, Server]) -> None:
    """Stop unless all servers answer alike: the FastAPI applications with the same bytes, Flask with the same values."""
    for path in SCENARIOS.values():
        texts = {name: _answer(server.address + path) for name, server in servers.items()}
        values = {json.dumps(json.loads(text), sort_keys=True) for text in texts.values()}
        exact = {text for name, text in texts.items() if SERVERS[name][0] == "uvicorn"}
        if len(values) > 1 or len(exact) > 1:
            msg = f"the servers answer {path} differently, so comparing them means nothing: {texts}"
            raise SystemExit(msg)


def _answer(url: str) -> str:
    if not url.endswith("/posts"):
        return httpx.get(url).text
    return re.sub(
        r'"id": ?\d+', '"id":0', httpx.post(url, json={"title": "A title"}).text
    )  # each row has an id of its own


def main() -> None:
    """Run the comparison and save it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.endpoints", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds per scenario (default 5)")
    parser.add_argument("--seconds", type=int, default=1, help="load per server and round, in seconds (default 1)")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 32], help="clients at a time (default 1 32)")
    parser.add_argument(
        "--scenario", choices=SCENARIOS, nargs="+", default=list(SCENARIOS), help="operations (default all)"
    )
    arguments = parser.parse_args()
    # Inserts come last, or the aggregate would be over more and more rows.
    settings = sorted(product(arguments.connections, arguments.scenario), key=lambda each: each[1] == "insert")
    require_wrk()
    console = Console()
    with ExitStack() as stack:
        server_url = stack.enter_context(local_server_url(console))
        template = TemplateDatabase(server_url, lambda engine: fill_if_empty(engine, console, users=200, posts=500))
        stack.callback(template.drop)
        url = stack.enter_context(template.clone())
        rows = measure({**os.environ, "BENCHMARK_DATABASE_URL": url}, settings, arguments.rounds, arguments.seconds)
    rows.sort(key=lambda row: -row["connections"])
    save("endpoints", rows, about=("connections", "scenario"))
    show("endpoints", console)


if __name__ == "__main__":
    main()
