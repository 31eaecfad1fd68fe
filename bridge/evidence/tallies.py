"""What this process has counted, and its way to the store."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict, deque
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from bridge.errors import EvidenceRefused
from bridge.evidence.counts import CANCELLED, CLIENT_ERROR, LATENCY, SERVED, Tally, error_counter, rule_counter
from bridge.evidence.latency import bucket_of
from bridge.evidence.refused import Refused
from bridge.evidence.store import Batch, CounterKey
from bridge.offload import call_in_forked_child, finish
from bridge.shadow import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bridge.evidence.clock import Clock
    from bridge.evidence.settings import EvidenceSettings
    from bridge.evidence.store import EvidenceStore
    from bridge.shadow import Check
    from bridge.stages import Path

__all__ = ["Tallies", "TallyStatistics"]

logger = logging.getLogger("bridge.evidence")

PRUNE_EVERY_S: Final = 60.0
# What nobody mends is said again, every ten minutes by default.
REMIND_EVERY: Final = 600


@dataclass(frozen=True, slots=True)
class TallyStatistics:
    """
    How the counts of this process get to the store.

    Attributes:
        pending: Counters that wait for the store.
        dropped: How much was dropped, because too many counters waited.
        refused: How much was not counted, because the store refuses it for good.
        failures: Batches that could not be added at once.
        error: Why the last one could not; None where it was added.
    """

    pending: int = 0
    dropped: int = 0
    refused: int = 0
    failures: int = 0
    error: str | None = None


class Tallies:
    """
    Counts in memory, and gives what it has counted to a store every second.

    A batch whose fate is unknown is added again under its number until the store has it, so that nothing is lost and nothing counts
    twice. What happens meanwhile waits in memory, within a bound. A batch that the store refuses for good is halved until it takes the
    rest.
    """

    def __init__(self, store: EvidenceStore, settings: EvidenceSettings, clock: Clock) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._begin()
        call_in_forked_child(self._begin)

    def _begin(self) -> None:
        """Count from nothing, as a process of its own: so does a forked one, whose parent gives to the store what it has counted."""
        self._lock = Lock()
        self._live: dict[tuple[str, Path, str], defaultdict[str, int]] = {}
        self._waiting: dict[CounterKey, int] = {}
        self._batch: Batch | None = None
        # Without a number yet: the store takes no batch of a process after one with a higher number.
        self._parts: deque[Mapping[CounterKey, int]] = deque()
        self._refused = Refused(self._clock)
        self._process = uuid4().hex
        self._number = 0
        self._dropped = 0
        self._failures = 0
        self._failed_in_a_row = 0
        self._error: str | None = None
        self._flushing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def served(  # noqa: PLR0917  six names would cost a third more at every request
        self, operation: str, path: Path, version: str, status: int | None, error: str | None, elapsed_s: float
    ) -> None:
        """
        Count one request. From any thread; takes about a microsecond.

        Args:
            operation: Name of the operation.
            path: The path that answered.
            version: Version of the operation's port, whichever path answered.
            status: HTTP status; None without an answer.
            error: Name of the exception that it ended with, if there was one.
            elapsed_s: Seconds until its last byte.
        """
        ended = error_counter(status, error) if error is not None or status is None or status >= CLIENT_ERROR else None
        key = (operation, path, version)
        with self._lock:
            counters = self._live.get(key) or self._counters(key)
            if ended is not None:
                counters[ended] += 1
                if ended is CANCELLED:
                    return
            counters[SERVED] += 1
            counters[LATENCY[bucket_of(elapsed_s)]] += 1

    def checked(self, check: Check, version: str) -> None:
        """
        Count one check, for the path that was checked. From any thread.

        Args:
            check: What came of it.
            version: Version of the operation's port, whichever path was checked.
        """
        key = (check.operation, check.candidate.path, version)
        with self._lock:
            counters = self._live.get(key) or self._counters(key)
            counters[check.verdict.value] += 1
            if check.verdict is Verdict.MISMATCHED:
                for rule in {each.rule for each in check.differences if each.excused is None}:
                    counters[rule_counter(rule)] += 1

    async def flush(self) -> bool:
        """
        Give what was counted to the store, now.

        Returns:
            Whether the store has everything.

        Cancellation:
            Delivered at once; the batch is added again later, and counts once.
        """
        async with self._flushing:
            # What could not be added, and then everything since.
            for _ in range(2):
                if self._batch is None and not self._parts:
                    if not self._collect():
                        break
                    self._parts.append(self._waiting)
                    self._waiting = {}
                if not await self._give():
                    return False
        return True

    def start(self) -> None:
        """Give what is counted to the store from now on."""
        if self._task is None:
            if not self._flushing.locked():
                # Another one each time, since an application may start again on another event loop.
                self._flushing = asyncio.Lock()
            self._task = asyncio.create_task(self._run(), name="bridge.evidence.tallies")

    async def close(self, *, patience: float = 5.0) -> None:
        """
        Give the rest to the store and stop.

        Args:
            patience: Seconds that it may take.
        """
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await finish(_ended(task))
        with suppress(TimeoutError):
            # Not `asyncio.wait_for`: see `wait_at_most`.
            async with asyncio.timeout(patience):
                await self.flush()

    def statistics(self) -> TallyStatistics:
        """Return how the counts get to the store."""
        with self._lock:
            live = sum(map(len, self._live.values()))
        under_way = len(self._batch.counters) if self._batch else 0
        pending = live + len(self._waiting) + sum(map(len, self._parts)) + under_way
        return TallyStatistics(pending, self._dropped, self._refused.amount, self._failures, self._error)

    def _counters(self, key: tuple[str, Path, str]) -> defaultdict[str, int]:
        return self._live.setdefault(key, defaultdict(int))

    def _collect(self) -> bool:
        """Move what was counted to what waits for the store, in the window of now; tell whether there is anything."""
        with self._lock:
            live, self._live = self._live, {}
        window = int(self._clock.time() // self._settings.window * self._settings.window)
        for (operation, path, version), counters in live.items():
            tally = Tally(operation, path, version)
            if self._refused.leaves_out(tally):
                self._refused.amount += sum(counters.values())
                continue
            for counter, amount in counters.items():
                key = CounterKey(tally, window, counter)
                if key in self._waiting or len(self._waiting) < self._settings.max_pending:
                    self._waiting[key] = self._waiting.get(key, 0) + amount
                else:
                    self._dropped += amount
        return bool(self._waiting)

    async def _give(self) -> bool:
        """Give what is under way to the store; tell whether it has it."""
        while self._batch is not None or self._parts:
            if self._batch is None:
                self._number += 1
                self._batch = Batch(self._process, self._number, self._parts.popleft())
            try:
                await self._store.add(self._batch)
            except EvidenceRefused as error:
                self._parts.extendleft(reversed(self._refused.parts_of(self._batch, error)))
            except Exception as error:  # noqa: BLE001  a store may be of any kind, and evidence never stops a request
                self._failed(error)
                return False
            else:
                self._succeeded()
            self._batch = None
        return True

    async def _run(self) -> None:
        pruned_at = self._clock.time()
        while True:
            await self._clock.sleep(self._settings.flush_every)
            # While a batch is under way again and again, each window still gets its own counts.
            self._collect()
            now = self._clock.time()
            if await self.flush() and now - pruned_at >= PRUNE_EVERY_S:
                pruned_at = now
                await self._prune(now)

    async def _prune(self, now: float) -> None:
        settings = self._settings
        try:
            await self._store.prune(
                windows_before=now - settings.keep_windows, totals_before=now - settings.keep_totals
            )
        except Exception as error:  # noqa: BLE001  as for a batch
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        self._failures += 1
        self._failed_in_a_row += 1
        if self._error is None:
            logger.warning("%r does not take evidence, which waits in memory: %s", self._store, error)
        elif self._failed_in_a_row % REMIND_EVERY == 0:
            waits = self.statistics()
            logger.error(
                "%r has not taken evidence %d times in a row, so %d counters wait and %d counts were dropped: %s",
                self._store,
                self._failed_in_a_row,
                waits.pending,
                waits.dropped,
                error,
            )
        self._error = str(error) or type(error).__name__

    def _succeeded(self) -> None:
        if self._error is not None:
            logger.warning("%r takes evidence again", self._store)
            self._error = None
        self._failed_in_a_row = 0


async def _ended(task: asyncio.Task[None]) -> None:
    await asyncio.wait([task])
