"""Check reads in the background, as far as there is time for it."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bridge.shadow.budget import Budget

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bridge.shadow.arbiter import Arbiter, ReadToCheck
    from bridge.shadow.check import Check
    from bridge.shadow.load import Load
    from bridge.shadow.settings import CheckSettings

__all__ = ["CheckStatistics", "Checker"]

logger = logging.getLogger("bridge.shadow")

BUSY: Final = "busy"
OVER_BUDGET: Final = "over budget"
QUEUE_FULL: Final = "queue full"
TOO_OLD: Final = "too old"
# How long the first read waits for others, so that the process turns from callers to checks less often. Measured at 30 % of the peak:
# the median caller took 1.07 x as long as without checks, and 1.12 x without this wait; 50 ms made the slowest percent a third slower.
LINGER_S: Final = 0.02


@dataclass(frozen=True, slots=True)
class CheckStatistics:
    """
    What became of the requests that could have been checked, in this process.

    Attributes:
        verdicts: Checks by what came of them.
        shed: Requests that were not checked, by reason: ``busy``, ``over budget``, ``queue full``, ``too old``, ``too large``.
        failed: Checks that ended with an error of their own.
        waiting: Requests that wait to be checked now.
        running: Checks that run now.
    """

    verdicts: Mapping[str, int]
    shed: Mapping[str, int]
    failed: int
    waiting: int
    running: int


class Checker:
    """
    Takes reads that were served, and checks them one after another.

    Nothing here is felt by a caller: a read is only taken when the process has time for it, and whatever a check does, its
    errors are counted and logged, never raised.

    Attributes:
        sinks: Get each check. What they raise is counted.
    """

    def __init__(self, settings: CheckSettings, arbiter: Arbiter, load: Load) -> None:
        """
        Args:
            settings: How much is checked.
            arbiter: Makes the checks.
            load: Tells whether there is time for them.
        """
        self._settings = settings
        self._arbiter = arbiter
        self._load = load
        self.sinks: list[Callable[[Check], object]] = []
        self._budget = Budget(settings.per_second)
        self._verdicts: Counter[str] = Counter()
        self._shed: Counter[str] = Counter()
        self._failed = 0
        self._waiting: deque[ReadToCheck] = deque()
        self._workers: set[asyncio.Task[None]] = set()

    def wants(self, sample: float | None) -> bool:
        """
        Return whether to check the request that begins now.

        Args:
            sample: The operation's own share of requests; None for that of the settings.
        """
        share = self._settings.sample if sample is None else sample
        if share < 1 and random.random() >= share:  # noqa: S311  no secret
            return False
        if self._load.is_busy():
            return self.shed(BUSY)
        if len(self._waiting) >= self._settings.queue:
            return self.shed(QUEUE_FULL)
        return self._budget.take() or self.shed(OVER_BUDGET)

    def shed(self, reason: str) -> bool:
        """Count a request that is not checked; return False."""
        self._shed[reason] += 1
        return False

    def take(self, read: ReadToCheck) -> None:
        """Check *read* as soon as there is time. Call it on the event loop."""
        loop = asyncio.get_running_loop()
        self._workers -= {
            worker for worker in self._workers if worker.get_loop() is not loop
        }  # of a loop that has ended
        self._waiting.append(read)
        if len(self._workers) < self._settings.concurrency:
            worker = loop.create_task(self._work(), name="bridge check")
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)

    def publish(self, check: Check) -> None:
        """Count *check*, and hand it to the sinks; never raises."""
        self._verdicts[check.verdict.value] += 1
        try:
            for sink in self.sinks:
                sink(check)
        except Exception:
            # An error here is a publisher's: neither the caller nor the next check may feel it.
            self._failed += 1
            logger.exception("a check of %s could not be published", check.operation)

    def statistics(self) -> CheckStatistics:
        """Return a snapshot."""
        return CheckStatistics(
            dict(self._verdicts), dict(self._shed), self._failed, len(self._waiting), len(self._workers)
        )

    async def settled(self) -> None:
        """Return when every read that was taken has been checked."""
        while self._workers:
            await asyncio.wait(tuple(self._workers))

    async def close(self) -> None:
        """Forget the reads that wait, and stop the checks that run."""
        self._waiting.clear()
        workers = tuple(self._workers)
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    async def _work(self) -> None:
        clock = asyncio.get_running_loop().time
        await asyncio.sleep(LINGER_S)
        while self._waiting:
            found_quiet = await self._load.quiet(patience=self._settings.patience)
            if not self._waiting:  # another worker was quicker
                return
            read = self._waiting.popleft()
            if clock() - read.queued_at > self._settings.max_age:
                self.shed(TOO_OLD)
            elif self._load.is_busy(crowded=not found_quiet):
                self.shed(BUSY)
            else:
                await self._check(read)

    async def _check(self, read: ReadToCheck) -> None:
        try:
            check = await self._arbiter.check(read)
        except Exception:
            # An error here is ours: neither the caller nor the next check may feel it.
            self._failed += 1
            logger.exception("a check of %s failed", read.operation)
        else:
            self.publish(check)
