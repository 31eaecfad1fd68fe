"""
How large capacity should be: calls per second, p99 and processor time by number of threads.

``python -m benchmarks.sizing`` prints the table and writes ``benchmarks/results/sizing.json``. 64 callers at a time, in one process and
without HTTP; a call is a unit of work on PostgreSQL. The settings take turns, and each number is a median of rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from contextlib import ExitStack
from functools import partial
from itertools import product
from statistics import median
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import track
from sqlalchemy import select, text

from async_app.local import fill_if_empty, local_server_url
from async_app.schemas import UserRead
from benchmarks.lag import percentile_ms
from benchmarks.results import save
from benchmarks.tables import show
from bridge import Capacity, Database, PoolSettings, offload
from bridge.testing import TemplateDatabase
from legacy_sync.models import User

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

CALLERS = 64
THREADS = (1, 2, 4, 8, 16, 32, 64)
FIXED_POOL = 10
WARM_UP_S = 0.1
SLEEP = text("SELECT pg_sleep(0.005)")


def get_by_key(session: Session) -> bytes:
    """Load one row by key and write it as JSON, which takes the processor."""
    user = session.scalars(select(User).where(User.id == 3)).one()
    return UserRead.model_validate(user, from_attributes=True).model_dump_json().encode()


def sleep(session: Session) -> None:
    """Wait 5 ms for the server."""
    session.execute(SLEEP)


WORKS: dict[str, Callable[[Session], object]] = {"get by key": get_by_key, "5 ms statement": sleep}


def unit(database: Database, work: Callable[[Session], object]) -> object:
    """Do *work* in one transaction."""
    with database.unit_of_work() as session:
        return work(session)


async def measure(call: Callable[[], object], capacity: Capacity, seconds: float) -> dict[str, float]:
    """Keep the callers busy for *seconds*."""
    latencies: list[float] = []
    end = time.perf_counter() + seconds

    async def caller() -> None:
        now = time.perf_counter()
        while not latencies or now < end:
            before = now
            await offload(call, capacity=capacity)
            now = time.perf_counter()
            latencies.append(now - before)

    started, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    elapsed, cpu = time.perf_counter() - started, time.process_time() - cpu
    return {
        "calls_per_s": len(latencies) / elapsed,
        "p99_ms": percentile_ms(latencies, 99),
        "cpu_us_per_call": cpu / len(latencies) * 1e6,
    }


async def compare(url: str, rounds: int, seconds: float) -> list[dict[str, Any]]:
    """Return the medians of every work, pool and number of threads."""
    # One pool serves every "as many connections as threads": taking the last returned first, it uses no more than that.
    following = Database(url, pool=PoolSettings(size=max(THREADS), overflow=0), pool_use_lifo=True)
    fixed = Database(url, pool=PoolSettings(size=FIXED_POOL, overflow=0))
    settings = list(product(WORKS, {"= threads": following, f"of {FIXED_POOL}": fixed}.items(), THREADS))
    measured: list[list[dict[str, float]]] = [[] for _ in settings]
    for _ in track(range(rounds), f"{CALLERS} callers, up to {max(THREADS)} threads"):
        for found, (work, (_pool, database), threads) in zip(measured, settings, strict=True):
            capacity, call = Capacity(threads), partial(unit, database, WORKS[work])
            await measure(call, capacity, WARM_UP_S)
            found.append(await measure(call, capacity, seconds))
            await capacity.drain(deadline=1.0)
    await following.dispose()
    await fixed.dispose()
    return [
        {"work": work, "pool": pool, "threads": threads}
        | {key: round(median(each[key] for each in found), 2) for key in found[0]}
        for found, (work, (pool, _), threads) in zip(measured, settings, strict=True)
    ]


def main() -> None:
    """Run the comparison and save it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sizing", description=__doc__)
    parser.add_argument("--rounds", type=int, default=4, help="rounds (default 4)")
    parser.add_argument(
        "--seconds", type=float, default=0.3, help="time per setting and round, in seconds (default 0.3)"
    )
    arguments = parser.parse_args()
    console = Console()
    with ExitStack() as stack:
        server_url = stack.enter_context(local_server_url(console))
        template = TemplateDatabase(server_url, lambda engine: fill_if_empty(engine, console, users=200, posts=500))
        stack.callback(template.drop)
        url = stack.enter_context(template.clone())
        rows = asyncio.run(compare(url, arguments.rounds, arguments.seconds))
    save("sizing", rows)
    show("sizing", console)


if __name__ == "__main__":
    main()
