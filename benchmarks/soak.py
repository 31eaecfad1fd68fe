"""
Run very many calls with random faults, and check that nothing grows.

``python -m benchmarks.soak [CALLS]``, by default a million, prints what the process holds after each tenth of them, and writes
``benchmarks/results/soak.json``. Its exit code is 1 if anything grew.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import random
import sys
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import psutil

from benchmarks.results import save
from bridge import AdmissionTimeout, Capacity, DeadlineExceeded, TooManyWaiting, from_thread, offload, stoppable

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ROUNDS", "Footprint", "grown", "soak"]

TOKENS = 8
IN_FLIGHT = 64
ROUNDS = 10
PATIENCE_S = 5.0
# What the allocator and the collector leave to chance from one round to the next; a leak of a word a call shows above it.
OBJECTS_MARGIN = 1.05
MEMORY_MARGIN = 1.10


class Fault(Exception):
    """What a call fails with."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """
    What a process holds.

    Attributes:
        threads: Its threads.
        files: Its open file descriptors.
        objects: What the garbage collector tracks.
        resident_kib: Its memory.
    """

    threads: int
    files: int
    objects: int
    resident_kib: int

    @classmethod
    def now(cls) -> Footprint:
        """Measure this process."""
        gc.collect()
        process = psutil.Process()
        return cls(
            threading.active_count(), process.num_fds(), len(gc.get_objects()), process.memory_info().rss // 1024
        )


def wait_until_stopped() -> None:
    stopped = threading.Event()
    with stoppable(stopped.set):
        if not stopped.wait(PATIENCE_S):
            raise AssertionError("nobody stopped the call")


def fail() -> None:
    raise Fault


async def one_call(capacity: Capacity, dice: random.Random) -> None:
    """Make one call, with a fault or without."""
    throw = dice.random()
    if throw < 0.90:
        await offload(sum, (1, 2), capacity=capacity)
    elif throw < 0.93:
        await offload(fail, capacity=capacity)
    elif throw < 0.95:
        await offload(from_thread, nested, capacity, capacity=capacity)
    elif throw < 0.96:
        await offload(wait_until_stopped, capacity=capacity, deadline=dice.random() / 50)
    elif throw < 0.97:
        async with asyncio.timeout(dice.random() / 1000):
            await offload(wait_until_stopped, capacity=capacity)
    elif throw < 0.99:
        task = asyncio.create_task(offload(time.sleep, 0, capacity=capacity))
        for _ in range(dice.randrange(4)):
            await asyncio.sleep(0)
        task.cancel()
        await task
    else:
        capacity.resize(dice.randrange(TOKENS // 2, TOKENS + 1))


async def nested(capacity: Capacity) -> None:
    await offload(int, capacity=capacity)


async def soak(
    calls: int, *, seed: int = 0, after_round: Callable[[Footprint], None] = lambda _footprint: None
) -> tuple[Counter[str], list[Footprint]]:
    """
    Make *calls* calls in ten rounds.

    Args:
        calls: How many, about: each of the callers makes the same number in each round.
        seed: Chooses the faults.
        after_round: Called with what the process held before the first call, and after each round.

    Returns:
        How the calls ended, and what *after_round* was called with.

    Raises:
        AssertionError: Tokens or calls are unaccounted for.
    """
    dice, capacity = random.Random(seed), Capacity(TOKENS, max_waiting=IN_FLIGHT)  # noqa: S311  not for secrets
    outcomes: Counter[str] = Counter()
    footprints: list[Footprint] = []

    async def caller(count: int) -> None:
        for _ in range(count):
            try:
                await one_call(capacity, dice)
            except (Fault, TooManyWaiting, AdmissionTimeout, DeadlineExceeded, TimeoutError) as error:
                outcomes[type(error).__name__] += 1
            except asyncio.CancelledError:
                outcomes["cancelled"] += 1
            else:
                outcomes["result"] += 1

    def measure() -> None:
        footprints.append(Footprint.now())
        after_round(footprints[-1])

    measure()
    for _ in range(ROUNDS):
        await asyncio.gather(*(caller(calls // ROUNDS // IN_FLIGHT) for _ in range(IN_FLIGHT)))
        statistics = capacity.statistics()
        assert (statistics.running, statistics.waiting) == (0, 0), statistics  # noqa: S101  a soak is a test
        while capacity.lane(asyncio.get_running_loop()).stopping:  # noqa: ASYNC110  there is no event for it, and nothing else runs
            await asyncio.sleep(0)
        measure()
    return outcomes, footprints


def grown(footprints: list[Footprint]) -> list[str]:
    """Return what the process holds more of at the end than after the first round, beyond what is left to chance."""
    settled, end = footprints[1], footprints[-1]
    limits = {
        # Each of the calls that run may be being stopped, which takes a thread, too.
        "threads": footprints[0].threads + 2 * TOKENS,
        "files": settled.files,
        "objects": int(settled.objects * OBJECTS_MARGIN),
        "resident_kib": int(settled.resident_kib * MEMORY_MARGIN),
    }
    return [
        f"{name}: {getattr(end, name):,}, at most {limit:,} were expected"
        for name, limit in limits.items()
        if getattr(end, name) > limit
    ]


def main() -> int:
    """Run from the command line; return 1 if anything grew."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("calls", type=int, nargs="?", default=1_000_000, help="how many calls (default 1,000,000)")
    calls = parser.parse_args().calls
    rows: list[dict[str, int]] = []
    print(f"{'calls':>12}{'seconds':>9}{'threads':>9}{'files':>7}{'objects':>10}{'KiB':>10}", flush=True)
    started = time.perf_counter()

    def show(footprint: Footprint) -> None:
        rows.append({"calls": len(rows) * (calls // ROUNDS // IN_FLIGHT * IN_FLIGHT), **asdict(footprint)})
        count, threads, files, objects, resident = rows[-1].values()
        elapsed = time.perf_counter() - started
        print(f"{count:12,}{elapsed:9.0f}{threads:9}{files:7}{objects:10,}{resident:10,}", flush=True)

    outcomes, footprints = asyncio.run(soak(calls, after_round=show))
    print(", ".join(f"{count:,} {outcome}" for outcome, count in outcomes.most_common()))
    save("soak", rows, outcomes=dict(outcomes.most_common()))
    growth = grown(footprints)
    print("\n".join(f"grew: {each}" for each in growth) or "nothing grew")
    return 1 if growth else 0


if __name__ == "__main__":
    sys.exit(main())
