"""
Compare ways to run a synchronous call off the event loop. ``python -m benchmarks.offload [SECONDS [ROUNDS]]``.

Every way gets its turn for *SECONDS* in each round, so that a slow moment of the machine hits all of them, and the median of the
rounds counts. All have forty threads.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import product
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final

import uvloop
from anyio import to_thread
from asgiref.sync import sync_to_async
from starlette.concurrency import run_in_threadpool

from benchmarks.charts import bars
from benchmarks.results import DIRECTORY, save
from bridge import Capacity, offload

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

THREADS: Final = 40
IN_FLIGHT: Final = (1, 16, 64, 256)
LAG_EVERY_S: Final = 0.005
WORKS: Final[dict[str, Callable[[], object]]] = {"trivial": lambda: None, "1 ms": partial(time.sleep, 0.001)}


def ways() -> dict[str, Callable[[Callable[[], object]], Awaitable[object]]]:
    """Return the ways to run a call, by name."""
    loop, capacity, executor = asyncio.get_running_loop(), Capacity(THREADS), ThreadPoolExecutor(THREADS)
    loop.set_default_executor(ThreadPoolExecutor(THREADS))

    async def asgiref(work: Callable[[], object]) -> object:
        return await sync_to_async(work, thread_sensitive=False, executor=executor)()

    return {
        "bridge.offload": lambda work: offload(work, capacity=capacity),
        "loop.run_in_executor": lambda work: loop.run_in_executor(executor, work),
        "asyncio.to_thread": asyncio.to_thread,
        "anyio.to_thread": to_thread.run_sync,
        "starlette": run_in_threadpool,
        "asgiref": asgiref,
    }


async def measure(
    way: Callable[..., Awaitable[object]], work: Callable[[], object], in_flight: int, seconds: float
) -> dict[str, float]:
    """Keep *in_flight* calls going for *seconds*."""
    latencies: list[float] = []
    lags: list[float] = []
    end = time.perf_counter() + seconds

    async def caller() -> None:
        before = time.perf_counter()
        while before < end:
            await way(work)
            now = time.perf_counter()
            latencies.append(now - before)
            before = now

    async def watch() -> None:
        while True:
            due = time.perf_counter() + LAG_EVERY_S
            await asyncio.sleep(LAG_EVERY_S)
            lags.append(time.perf_counter() - due)

    watcher = asyncio.create_task(watch())
    started, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(caller() for _ in range(in_flight)))
    elapsed, cpu = time.perf_counter() - started, time.process_time() - cpu
    watcher.cancel()
    return {
        "calls_per_s": len(latencies) / elapsed,
        "cpu_us_per_call": cpu / len(latencies) * 1e6,
        "p50_ms": percentile(latencies, 50),
        "p99_ms": percentile(latencies, 99),
        "lag_p99_ms": percentile(lags, 99),
    }


def percentile(seconds: list[float], rank: int) -> float:
    """Return a percentile of times in seconds, in milliseconds."""
    return statistics.quantiles(seconds, n=100)[rank - 1] * 1000 if len(seconds) > 1 else 0.0


def floor(work: Callable[[], object], batch: int, seconds: float, threads: int = 1) -> dict[str, float]:
    """Play ping-pong over two queues without an event loop: what no way can beat, with *batch* calls at each hop."""
    there: SimpleQueue[Any] = SimpleQueue()
    back: SimpleQueue[Any] = SimpleQueue()

    def player() -> None:
        while (calls := there.get()) is not None:
            for call in calls:
                call()
            back.put(len(calls))

    players = [threading.Thread(target=player, daemon=True) for _ in range(threads)]
    for each in players:
        each.start()
    count, started, cpu = 0, time.perf_counter(), time.process_time()
    for _ in players:
        there.put([work] * batch)
    while time.perf_counter() < started + seconds:
        count += back.get()
        there.put([work] * batch)
    elapsed, cpu = time.perf_counter() - started, time.process_time() - cpu
    for _ in players:
        there.put(None)
    return {"calls_per_s": count / elapsed, "cpu_us_per_call": cpu / max(count, 1) * 1e6}


async def rounds(loop_name: str, seconds: float, number: int) -> list[dict[str, Any]]:
    """Measure everything on the running loop; return the medians."""
    to_thread.current_default_thread_limiter().total_tokens = THREADS
    named = ways()
    rows: list[dict[str, Any]] = []
    for (work_name, work), in_flight in product(WORKS.items(), IN_FLIGHT):
        runs: dict[str, list[dict[str, float]]] = {}
        for _ in range(number):
            for name, way in named.items():
                runs.setdefault(name, []).append(await measure(way, work, in_flight, seconds))
            threads = 1 if work_name == "trivial" else min(in_flight, THREADS)
            for name, batch in (("floor, batched", min(in_flight, THREADS) // threads), ("floor, one by one", 1)):
                players = threads if name == "floor, batched" else min(in_flight, THREADS)
                result = await asyncio.to_thread(floor, work, batch, seconds, players)
                runs.setdefault(name, []).append(result)
        print(f"  {loop_name}, {work_name}, {in_flight} in flight")
        for name, results in runs.items():
            medians = {key: statistics.median(each[key] for each in results) for key in results[0]}
            rows.append({"loop": loop_name, "work": work_name, "in_flight": in_flight, "way": name, **medians})
    return rows


def table(rows: list[dict[str, Any]]) -> None:
    """Print throughput, p99 and loop lag in relation to AnyIO."""
    print(f"\n{'':34}{'calls/s':>10}{'x AnyIO':>9}{'CPU us':>9}{'p50 ms':>9}{'p99 ms':>9}{'lag p99':>9}")
    for row in rows:
        key = (row["loop"], row["work"], row["in_flight"])
        peer = next(r for r in rows if (r["loop"], r["work"], r["in_flight"], r["way"]) == (*key, "anyio.to_thread"))
        ratio = row["calls_per_s"] / peer["calls_per_s"]
        shown = "".join(
            f"{row.get(name, float('nan')):9.2f}" for name in ("cpu_us_per_call", "p50_ms", "p99_ms", "lag_p99_ms")
        )
        label = f"{row['loop'][:7]} {row['work']:8}{row['in_flight']:4} {row['way']}"
        print(f"{label:40.40}{row['calls_per_s']:10.0f}{ratio:9.2f}{shown}")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.offload", description=__doc__)
    parser.add_argument("seconds", type=float, nargs="?", default=0.5, help="time of each measurement (default 0.5)")
    parser.add_argument("rounds", type=int, nargs="?", default=5, help="rounds of each measurement (default 5)")
    arguments = parser.parse_args()
    seconds, number = arguments.seconds, arguments.rounds
    rows = asyncio.run(rounds("asyncio", seconds, number)) + uvloop.run(rounds("uvloop", seconds, number))
    save("offload", rows)
    table(rows)
    for work in WORKS:
        chosen = [row for row in rows if row["loop"] == "asyncio" and row["work"] == work and "lag_p99_ms" in row]
        groups = {
            str(n): {row["way"]: row["calls_per_s"] for row in chosen if row["in_flight"] == n} for n in IN_FLIGHT
        }
        picture = bars(f"Calls per second, {work}, by calls in flight", groups)
        (DIRECTORY / f"offload-{work.replace(' ', '-')}.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
