"""
What the instruments of `bridge.porting` cost a request of the example application, in CPU time of the thread that serves it.

``python -m benchmarks.instruments`` prints the numbers and writes ``benchmarks/results/instruments.json``. The variants take turns, round by
round; each round warms up first, so that the probe has met every statement.
"""

from __future__ import annotations

import argparse
import os
import time
from contextlib import ExitStack, nullcontext
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import track
from sqlalchemy.orm import Session

from benchmarks.results import save
from benchmarks.tables import show
from bridge.porting import Sample, guarded, instrumented, probed, values_checked
from bridge.testing import TemplateDatabase, postgres_server
from legacy_sync.app import create_app
from legacy_sync.database import create_schema
from legacy_sync.seed import seed

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from flask.testing import FlaskClient
    from sqlalchemy import Engine

# Short rounds, so that what is compared is close in time.
WARM_UP, REQUESTS = 10, 30
URL = "/users/3"


def fill(engine: Engine) -> None:
    """Create the tables of the example and a few rows."""
    create_schema(engine)
    with Session(engine) as session:
        seed(session, users=20, posts=60)


def sampled(engine: Engine) -> AbstractContextManager[Any]:
    """Install the sample, and choose no request: what every other request pays."""
    stack = ExitStack()
    sample = Sample(engine, rate=0.0)
    sample.start()
    stack.callback(sample.stop)
    return stack


VARIANTS: dict[str, Callable[[Engine], AbstractContextManager[Any]]] = {
    "none": lambda _engine: nullcontext(),
    "sample installed, request not chosen": sampled,
    "guard": lambda engine: guarded(engine, on_finding="report"),
    "values": values_checked,
    "statement probe": probed,
    "all three": instrumented,
}


def microseconds(client: FlaskClient, requests: int) -> float:
    """Return the CPU time of one request, in microseconds."""
    started = time.thread_time()
    for _ in range(requests):
        if client.get(URL).status_code != 200:
            raise RuntimeError("a request failed: the numbers would mean nothing")
    return (time.thread_time() - started) / requests * 1e6


def measure(url: str, rounds: int) -> list[dict[str, Any]]:
    """Return a row for each variant."""
    app = create_app({"DATABASE_URL": url, "SECRET_KEY": "benchmark"})
    engine: Engine = app.extensions["database"].engine
    client = app.test_client()
    taken: dict[str, list[float]] = {name: [] for name in VARIANTS}
    for _ in track(range(rounds), "instruments"):
        for name, variant in VARIANTS.items():
            with variant(engine):
                microseconds(client, WARM_UP)
                taken[name].append(microseconds(client, REQUESTS))
    engine.dispose()
    return [
        {
            "instruments": name,
            "cpu_us": round(median(times)),
            "extra_us": round(median(own - without for own, without in zip(times, taken["none"], strict=True))),
        }
        for name, times in taken.items()
    ]


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.instruments", description=__doc__)
    parser.add_argument("--rounds", type=int, default=40, help="rounds of thirty requests (default 40)")
    rounds = parser.parse_args().rounds
    os.environ.setdefault("ARGON2_PROFILE", "fast")
    with postgres_server(Path(".postgres")) as server:
        template = TemplateDatabase(server, fill)
        with template.clone() as url:
            rows = measure(url, rounds)
        template.drop()
    save("instruments", rows)
    show("instruments", Console())


if __name__ == "__main__":
    main()
