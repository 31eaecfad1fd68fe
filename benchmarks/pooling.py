"""
Measure what a pool's settings cost each unit of work. ``python -m benchmarks.pooling [ROUNDS]``.

Every setting gets its turn in each round, so that a slow moment of the machine hits all of them, and the median of the rounds counts.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from benchmarks.results import save
from bridge import Database, PoolSettings
from bridge.testing import postgres_server

if TYPE_CHECKING:
    from collections.abc import Callable

UNITS: Final = 100
ALWAYS, BARE = 0.0, {"pre_ping": False, "session_state": "keep"}
# The settings, and the statements of one unit of work; each row is compared with the first of its group.
SCENARIOS: Final[dict[str, dict[str, tuple[dict[str, Any], list[str]]]]] = {
    "checkout, no statement": {
        "not tested": (BARE, []),
        "look at the socket (default)": ({"session_state": "keep"}, []),
        "ping at each checkout": ({"session_state": "keep", "ping_after": ALWAYS}, []),
    },
    "one SELECT": {
        "kept": (BARE, ["SELECT 1"]),
        "reset when seen (default)": ({"pre_ping": False}, ["SELECT 1"]),
        "always reset": ({"pre_ping": False, "session_state": "always"}, ["SELECT 1"]),
    },
    "SET and one SELECT": {
        "kept": (BARE, ["SET work_mem = '5MB'", "SELECT 1"]),
        "reset when seen (default)": ({"pre_ping": False}, ["SET work_mem = '5MB'", "SELECT 1"]),
    },
}


def synchronous(database: Database, statements: list[str]) -> float:
    """Return the time of one unit of work in µs."""
    texts = [text(each) for each in statements]
    started = time.perf_counter()
    for _ in range(UNITS):
        with database.sync_engine.connect() as connection:
            for each in texts:
                connection.execute(each)
    return (time.perf_counter() - started) / UNITS * 1e6


async def asynchronous(database: Database, statements: list[str]) -> float:
    """Return the time of one unit of work in µs."""
    texts = [text(each) for each in statements]
    started = time.perf_counter()
    for _ in range(UNITS):
        async with database.async_engine.connect() as connection:
            for each in texts:
                await connection.execute(each)
    return (time.perf_counter() - started) / UNITS * 1e6


def measure(url: str, rounds: int) -> list[dict[str, Any]]:
    """Measure every setting on both engines."""
    databases = {
        (group, name): (Database(url, pool=PoolSettings(size=1, overflow=0, **settings)), statements)
        for group, settings_by_name in SCENARIOS.items()
        for name, (settings, statements) in settings_by_name.items()
    }
    times: dict[tuple[str, str, str], list[float]] = {}
    with asyncio.Runner() as runner:
        engines: dict[str, Callable[[Database, list[str]], float]] = {
            "psycopg2": synchronous,
            "asyncpg": lambda database, statements: runner.run(asynchronous(database, statements)),
        }
        for number in range(rounds + 1):
            for (group, name), (database, statements) in databases.items():
                for engine, run in engines.items():
                    taken = run(database, statements)
                    if number:  # the first round warms up
                        times.setdefault((engine, group, name), []).append(taken)
        for database, _ in databases.values():
            runner.run(database.dispose())
    rows = []
    for (engine, group, name), taken_us in sorted(times.items(), key=lambda item: item[0][0]):
        first = times[engine, group, next(iter(SCENARIOS[group]))]
        more = statistics.median(each - base for each, base in zip(taken_us, first, strict=True))
        rows.append(
            {
                "engine": engine,
                "unit": group,
                "setting": name,
                "us": round(statistics.median(taken_us)),
                "more_us": round(more),
            }
        )
    return rows


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pooling", description=__doc__)
    parser.add_argument("rounds", type=int, nargs="?", default=40, help="rounds of each measurement (default 40)")
    with postgres_server(Path(__file__).parent.parent / ".postgres") as url:
        rows = measure(url, parser.parse_args().rounds)
    save("pooling", rows)
    for row in rows:
        print(f"{row['engine']:9} {row['unit']:23} {row['setting']:29} {row['us']:6} us {row['more_us']:+6} us")


if __name__ == "__main__":
    main()
