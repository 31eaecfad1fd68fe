"""
Flask behind ASGI: this library's adapter against its peers under uvicorn, and gunicorn's threads as the native yardstick.

``python -m benchmarks.wsgi`` prints the table and writes ``benchmarks/results/wsgi.json``. Every server runs in a process of its own
with ten threads; the load comes from wrk, which takes turns between them, round by round; each number is the median of the rounds.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rich.console import Console

from async_app.local import fill_if_empty, local_server_url
from benchmarks.results import save
from benchmarks.servers import interleaved, require_wrk, serving
from benchmarks.tables import show
from benchmarks.wsgi_application import BLOCK, BLOCKS, THREADS
from bridge.testing import TemplateDatabase

SERVERS = {
    "bridge": ("uvicorn", "ours"),
    "a2wsgi": ("uvicorn", "a2wsgi"),
    "asgiref": ("uvicorn", "asgiref"),
    "starlette": ("uvicorn", "starlette"),
    "gunicorn gthread": ("gunicorn", "application"),
}
SCENARIOS = {
    "trivial view": "/trivial",
    "JSON view with one query": "/json",
    "streamed 1 MiB": "/stream",
    "1 MiB upload": "/upload",
}
CONNECTIONS = 16
UPLOAD_SCRIPT = f'wrk.method = "POST"\nwrk.body = string.rep("x", {len(BLOCK) * BLOCKS})\n'


def measure(environ: dict[str, str], rounds: int, seconds: int) -> list[dict[str, Any]]:
    """Return the medians of every server in every scenario."""
    rows: list[dict[str, Any]] = []
    with ExitStack() as stack:
        script = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "upload.lua"
        script.write_text(UPLOAD_SCRIPT)
        servers = {
            name: stack.enter_context(
                serving(server, f"benchmarks.wsgi_application:{factory}", environ, probe="/trivial", threads=THREADS)
            )
            for name, (server, factory) in SERVERS.items()
        }
        for scenario, path in SCENARIOS.items():
            upload = script if path == "/upload" else None
            rows += [
                {"scenario": scenario, **row}
                for row in interleaved(
                    servers,
                    scenario,
                    path,
                    references=["bridge"],
                    rounds=rounds,
                    connections=CONNECTIONS,
                    seconds=seconds,
                    script=upload,
                )
            ]
    return rows


def main() -> None:
    """Run the comparison and save it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.wsgi", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds per scenario (default 5)")
    parser.add_argument("--seconds", type=int, default=1, help="load per server and round, in seconds (default 1)")
    arguments = parser.parse_args()
    require_wrk()
    console = Console()
    with ExitStack() as stack:
        server_url = stack.enter_context(local_server_url(console))
        template = TemplateDatabase(server_url, lambda engine: fill_if_empty(engine, console, users=100, posts=100))
        stack.callback(template.drop)
        url = stack.enter_context(template.clone())
        rows = measure({**os.environ, "BENCHMARK_DATABASE_URL": url}, arguments.rounds, arguments.seconds)
    save("wsgi", rows)
    show("wsgi", console)


if __name__ == "__main__":
    main()
