"""
Run very many calls with random faults, and check that nothing grows.

``python -m benchmarks.soak [CALLS]``, by default a million.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass

from bridge import AdmissionTimeout, Capacity, DeadlineExceeded, TooManyWaiting, from_thread, offload, stoppable

__all__ = ["Footprint", "soak"]

TOKENS = 8
IN_FLIGHT = 64
PATIENCE_S = 5.0


class Fault(Exception):
    """What a call fails with."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """
    What a process holds.

    Attributes:
        threads: Its threads.
        files: Its open file descriptors; 0 where the system does not tell.
        objects: What the garbage collector tracks.
        resident_kib: Its memory; 0 where the system does not tell.
    """

    threads: int
    files: int
    objects: int
    resident_kib: int

    @classmethod
    def now(cls) -> Footprint:
        """Measure this process."""
        gc.collect()
        try:
            files = len(os.listdir("/proc/self/fd"))  # noqa: PTH208  three lines of pathlib for a number
            with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123  as above
                resident = int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024
        except OSError:
            files = resident = 0
        return cls(threading.active_count(), files, len(gc.get_objects()), resident)


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


async def soak(calls: int, *, seed: int = 0) -> tuple[Counter[str], Footprint, Footprint]:
    """
    Make *calls* calls; return how they ended, and what the process held after a tenth of them and at the end.

    Raises:
        AssertionError: Tokens or calls are unaccounted for.
    """
    dice, capacity = random.Random(seed), Capacity(TOKENS, max_waiting=IN_FLIGHT)  # noqa: S311  not for secrets
    outcomes: Counter[str] = Counter()

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

    async def round_of(count: int) -> Footprint:
        await asyncio.gather(*(caller(count // IN_FLIGHT) for _ in range(IN_FLIGHT)))
        statistics = capacity.statistics()
        assert (statistics.running, statistics.waiting) == (0, 0), statistics  # noqa: S101  a soak is a test
        while capacity.lane(asyncio.get_running_loop()).stopping:  # noqa: ASYNC110  there is no event for it, and nothing else runs
            await asyncio.sleep(0)
        return Footprint.now()

    before = await round_of(calls // 10)
    after = await round_of(calls - calls // 10)
    return outcomes, before, after


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("calls", type=int, nargs="?", default=1_000_000, help="how many calls (default 1,000,000)")
    calls = parser.parse_args().calls
    started = time.perf_counter()
    outcomes, before, after = asyncio.run(soak(calls))
    print(f"{sum(outcomes.values())} calls in {time.perf_counter() - started:.0f} s: {dict(outcomes)}")
    print(f"after a tenth: {before}\nat the end:    {after}")


if __name__ == "__main__":
    main()
