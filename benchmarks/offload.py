"""
Compare ways to run a synchronous call off the event loop. ``python -m benchmarks.offload [SECONDS [ROUNDS]]``.

Every way gets its turn for *SECONDS* in each round, so that a slow moment of the machine hits all of them, and the median of the
rounds counts; the slices are short so that what is compared is close in time. All have forty threads. The lags of all rounds are put
together, because the 99th percentile of a slice's few would be their largest. Results go to ``benchmarks/results/offload.json``;
``--cores``, ``--loop``, ``--work`` and ``--in-flight`` choose a part, and leave the others there as they are.

On one core, threads take turns, as in a container that is pinned to one. On more, they wake each other across cores, and what a call
touches moves between them, although only one thread at a time runs Python; what that costs depends on the machine.

The *floor* is what Python's threads can do without an event loop, tokens, futures and contexts: see `floor`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import product
from queue import SimpleQueue
from statistics import median
from typing import TYPE_CHECKING, Any, Final

import uvloop
from anyio import to_thread
from asgiref.sync import sync_to_async
from rich.console import Console
from rich.progress import track
from starlette.concurrency import run_in_threadpool

from benchmarks.lag import percentile_ms, record_lag
from benchmarks.results import save
from benchmarks.tables import show
from bridge import Capacity, offload

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

THREADS: Final = 40
IN_FLIGHT: Final = (1, 16, 64, 256)
BATCHED: Final = "floor, batched"
FLOORS: Final = {"floor, one by one": False, BATCHED: True}
PEER: Final = "anyio.to_thread"
LOOPS: Final[dict[str, Callable[..., list[dict[str, Any]]]]] = {"asyncio": asyncio.run, "uvloop": uvloop.run}
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
    way: Callable[..., Awaitable[object]], work: Callable[[], object], in_flight: int, seconds: float, lags: list[float]
) -> dict[str, float]:
    """Keep *in_flight* calls going for *seconds*; add to *lags* how late the loop is meanwhile."""
    latencies: list[float] = []
    end = time.perf_counter() + seconds

    async def caller() -> None:
        now = time.perf_counter()
        while not latencies or now < end:
            before = now
            await way(work)
            now = time.perf_counter()
            latencies.append(now - before)

    watcher = asyncio.create_task(record_lag(lags))
    started, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(caller() for _ in range(in_flight)))
    elapsed, cpu = time.perf_counter() - started, time.process_time() - cpu
    watcher.cancel()
    return {
        "calls_per_s": len(latencies) / elapsed,
        "cpu_us_per_call": cpu / len(latencies) * 1e6,
        "p50_ms": percentile_ms(latencies, 50),
        "p99_ms": percentile_ms(latencies, 99),
    }


def floor(work: Callable[[], object], in_flight: int, seconds: float, *, batched: bool) -> dict[str, float]:
    """
    Feed threads over one queue and collect over another, with *in_flight* jobs between the two at any time.

    Trivial jobs go to one thread, because they only take the processor, and more threads would fight for it; others to forty, or to
    as many as there are jobs. With more jobs in flight than threads, the threads never wait to be fed.

    Args:
        work: The job.
        in_flight: How many jobs there are.
        seconds: For how long.
        batched: Put and take in one go what is there: trivial jobs travel in one list, and all that has come back is collected before
            any of it goes out again. Else each job travels, and is collected, by itself.
    """
    trivial = work is WORKS["trivial"]
    size = in_flight if batched and trivial else 1
    there: SimpleQueue[Any] = SimpleQueue()
    back: SimpleQueue[Any] = SimpleQueue()

    players = [
        threading.Thread(target=_play, args=(there, back), daemon=True)
        for _ in range(1 if trivial else min(in_flight, THREADS))
    ]
    for each in players:
        each.start()
    count, started, cpu = 0, time.perf_counter(), time.process_time()
    for _ in range(in_flight // size):
        there.put([work] * size)
    while time.perf_counter() < started + seconds:
        returned = [back.get()]
        while batched and not back.empty():
            returned.append(back.get_nowait())
        for jobs in returned:
            count += len(jobs)
            there.put(jobs)
    elapsed, cpu = time.perf_counter() - started, time.process_time() - cpu
    for _ in players:
        there.put(None)
    for each in players:
        each.join()
    return {"calls_per_s": count / elapsed, "cpu_us_per_call": cpu / max(count, 1) * 1e6}


def _play(there: SimpleQueue[Any], back: SimpleQueue[Any]) -> None:
    while (jobs := there.get()) is not None:
        for job in jobs:
            job()
        back.put(jobs)


async def rounds(loop_name: str, settings: list[tuple[str, int]], seconds: float, number: int) -> list[dict[str, Any]]:
    """Measure each of *settings*, a work and a number of calls in flight, on the running loop; return the medians."""
    to_thread.current_default_thread_limiter().total_tokens = THREADS
    named = ways()
    rows: list[dict[str, Any]] = []
    for work_name, in_flight in track(settings, loop_name):
        work = WORKS[work_name]
        runs: list[dict[str, dict[str, float]]] = []
        lags: dict[str, list[float]] = {name: [] for name in named}
        for _ in range(number):
            found = {name: await measure(way, work, in_flight, seconds, lags[name]) for name, way in named.items()}
            for name, batched in FLOORS.items():
                found[name] = await asyncio.to_thread(floor, work, in_flight, seconds, batched=batched)
            runs.append(found)
        rows += [
            {"loop": loop_name, "work": work_name, "in_flight": in_flight, "way": way, **summary(way, runs, lags)}
            for way in runs[0]
        ]
    return rows


def summary(way: str, runs: list[dict[str, dict[str, float]]], lags: dict[str, list[float]]) -> dict[str, Any]:
    """Return the medians of one way, and of what it is to AnyIO and to the floors in the same round; of lags see the module."""
    keys = runs[0][way]
    row: dict[str, Any] = {
        **{key: round(median(run[way][key] for run in runs), 3) for key in keys},
        "to_anyio": {key: round(median(run[way][key] / run[PEER][key] for run in runs), 3) for key in keys},
        "share_of_floor": round(median(_share(run, way, FLOORS) for run in runs), 3),
        "share_of_batched_floor": round(median(_share(run, way, [BATCHED]) for run in runs), 3),
    }
    if way in lags:
        lag, peers = (percentile_ms(lags[name], 99) for name in (way, PEER))
        row["lag_p99_ms"] = round(lag, 3)
        row["to_anyio"]["lag_p99_ms"] = round(lag / peers, 3)
    return row


def _share(run: dict[str, dict[str, float]], way: str, floors: Iterable[str]) -> float:
    return run[way]["calls_per_s"] / max(run[name]["calls_per_s"] for name in floors)


def cores_to_choose_from() -> list[int]:
    """Return all the cores that this process may run on, and one; only the former where the system cannot confine a process."""
    return sorted({len(os.sched_getaffinity(0)), 1}, reverse=True) if sys.platform == "linux" else [os.cpu_count() or 1]


def confine(cores: int) -> None:
    """Let this thread, and those that it starts from now on, run on no more than so many *cores*."""
    if sys.platform == "linux":
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])


def main() -> None:
    """Run from the command line."""
    available = cores_to_choose_from()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.offload", description=__doc__)
    parser.add_argument("seconds", type=float, nargs="?", default=0.15, help="time of each measurement (default 0.15)")
    parser.add_argument("rounds", type=int, nargs="?", default=9, help="rounds of each measurement (default 9)")
    parser.add_argument(
        "--cores",
        type=int,
        choices=available,
        nargs="+",
        default=available,
        help="cores to run on (default all, then 1)",
    )
    parser.add_argument("--loop", choices=LOOPS, nargs="+", default=list(LOOPS), help="event loops (default all)")
    parser.add_argument("--work", choices=WORKS, nargs="+", default=list(WORKS), help="what is called (default all)")
    parser.add_argument(
        "--in-flight", type=int, nargs="+", default=list(IN_FLIGHT), help="calls at a time (default 1 16 64 256)"
    )
    chosen = parser.parse_args()
    settings = list(product(chosen.work, chosen.in_flight))
    rows: list[dict[str, Any]] = []
    for cores in sorted(set(chosen.cores), reverse=True):  # a process that is confined stays so
        confine(cores)
        for loop in chosen.loop:
            measured = LOOPS[loop](rounds(loop, settings, chosen.seconds, chosen.rounds))
            rows += [{"cores": cores, **row} for row in measured]
    save("offload", rows, about=("cores", "loop", "work", "in_flight"))
    show("offload", Console())


if __name__ == "__main__":
    main()
