"""A clock that stands still, and evidence made to order."""

from __future__ import annotations

import asyncio
import heapq
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING

from bridge.evidence import CounterKey, Counts, Evidence, MemoryEvidence, Operations, Tally
from bridge.evidence.latency import Latency, bucket_of
from bridge.evidence.store import Batch
from bridge.shadow import Check, Difference, Exchange, RecordedRequest, Severity, Verdict
from bridge.stages import Path, Stages

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

OPERATION = "GET /users/{user_id}"
VERSION = "a" * 12
REQUEST = RecordedRequest("GET", "/users/1", (), b"")
_numbers = count(1)


class FakeClock:
    """Time passes when somebody says so."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, next(_numbers), future))
        await future

    async def advance(self, seconds: float) -> None:
        """Let time pass, waking each sleeper at its time, and wait until everybody sleeps again."""
        until = self.now + seconds
        await self.settle()
        while self._sleepers and self._sleepers[0][0] <= until:
            self.now, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                future.set_result(None)
            await self.settle()
        self.now = until

    async def settle(self) -> None:
        """Let every task run until it waits."""
        for _ in range(50):
            await asyncio.sleep(0)


def checked(verdict: Verdict, *rules: str, path: Path = Path.NATIVE, excused: str | None = None) -> Check:
    """Return a check with a difference for each rule."""
    control = Path.NATIVE if path is Path.BRIDGED else Path.BRIDGED
    moment = datetime(2026, 11, 24, tzinfo=UTC)
    differences = tuple(Difference(rule, Severity.ERROR, "$", "1", "2", "mend it", excused=excused) for rule in rules)
    return Check(
        OPERATION,
        control=Exchange(control, REQUEST, None, moment, 0.001),
        candidate=Exchange(path, REQUEST, None, moment, 0.001),
        verdict=verdict,
        differences=differences,
    )


def counts(served: int = 0, seconds: float = 0.01, **others: Any) -> Counts:
    """Return counts in which every request took as long."""
    return Counts(served=served, latency=Latency({bucket_of(seconds): served} if served else {}), **others)


async def happened(
    store: MemoryEvidence, clock: FakeClock, by_path: Mapping[Path, Counts], *, operation: str = OPERATION, version: str = VERSION
) -> None:  # fmt: skip
    """Add counts to a store, in the window of now."""
    window = int(clock.now // 10 * 10)
    counters = {
        CounterKey(Tally(operation, path, version), window, counter): amount
        for path, counted in by_path.items()
        for counter, amount in counted.counters().items()
    }
    await store.add(Batch("test", next(_numbers), counters))


class World:
    """Stages, evidence and a clock, with one operation that has a port."""

    def __init__(self, stage: str = "legacy", **options: Any) -> None:
        self.clock = FakeClock()
        self.store = MemoryEvidence()
        self.version = VERSION
        self.hooks: list[str] = []
        self.ignores: list[Any] = []
        self.stages = Stages({OPERATION: stage})
        self.stages.declare(OPERATION, ported=True)
        self.evidence = self.another(**options)

    def another(self, **options: Any) -> Evidence:
        """Return the evidence of another process with the same stores."""
        evidence = Evidence(self.store, clock=self.clock, **options)
        operations = Operations(lambda _: self.version, lambda _: self.hooks, lambda _: self.ignores)
        evidence.bind(self.stages, operations)
        return evidence

    async def happened(self, **by_path: Counts) -> None:
        """Add counts of the port's first version, by name of the path."""
        await self.happened_to(VERSION, **by_path)

    async def happened_to(self, version: str, **by_path: Counts) -> None:
        """Add counts of one version of the port, by name of the path."""
        by = {Path(path): each for path, each in by_path.items()}
        await happened(self.store, self.clock, by, version=version)

    @property
    def stage(self) -> str:
        return str(self.stages.get(OPERATION))
