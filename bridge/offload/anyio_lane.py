"""Tokens and the line for them, on an event loop that only AnyIO knows."""

from __future__ import annotations

from contextvars import ContextVar
from time import perf_counter_ns
from typing import TYPE_CHECKING, Final

from anyio import CapacityLimiter, current_time, get_cancelled_exc_class, move_on_after
from anyio.lowlevel import RunVar

from bridge.errors import AdmissionTimeout, TooManyWaiting
from bridge.offload.refusal import name_of
from bridge.offload.statistics import BUCKETS, CapacityStatistics, Histogram

if TYPE_CHECKING:
    from bridge.offload.job import Job

__all__ = ["HELD", "AnyioLane", "AnyioLanes"]

HELD: Final[ContextVar[frozenset[AnyioLane]]] = ContextVar("bridge.offload.held", default=frozenset())


class AnyioLane:
    """What `Lane` is, made of AnyIO's limiter, which is first come, first served as well."""

    def __init__(self, tokens: int, max_waiting: int | None, timeout: float | None) -> None:
        self.limiter = CapacityLimiter(tokens)
        self.admitted = self.refused = self.timed_out = self.cancelled = 0
        self._max_waiting = max_waiting
        self._timeout = timeout
        self._wait = [0] * BUCKETS
        self._run = [0] * BUCKETS

    def now(self) -> float:
        """Return the event loop's time in seconds."""
        return current_time()

    async def acquire(self, job: Job, deadline: float | None) -> None:
        """
        Wait for a token.

        Raises:
            TooManyWaiting: As many wait as may.
            AdmissionTimeout: None became free in time.
        """
        statistics = self.limiter.statistics()
        full = statistics.borrowed_tokens >= statistics.total_tokens or statistics.tasks_waiting
        if full and self._max_waiting is not None and statistics.tasks_waiting >= self._max_waiting:
            self.refused += 1
            msg = f"{statistics.tasks_waiting} calls wait for one of {self.limiter.total_tokens:g} tokens already: retry later, or raise the capacity"
            raise TooManyWaiting(msg)
        limits = [limit for limit in (self._timeout, deadline) if limit is not None]
        began = perf_counter_ns()
        acquired = False
        try:
            with move_on_after(min(limits) if limits else None):
                await self.limiter.acquire_on_behalf_of(job)
                acquired = True
        except get_cancelled_exc_class():
            self.cancelled += 1
            raise
        if not acquired:
            self.timed_out += 1
            msg = f"{name_of(job.fn)} waited {min(limits):g} s for one of {self.limiter.total_tokens:g} tokens: retry later, or raise the capacity"
            raise AdmissionTimeout(msg)
        self.admitted += 1
        self._wait[min((perf_counter_ns() - began).bit_length(), BUCKETS - 1) if full else 0] += 1

    def release(self, job: Job) -> None:
        """Give the token back."""
        self.limiter.release_on_behalf_of(job)
        self._run[min((job.ended_ns - job.started_ns).bit_length(), BUCKETS - 1)] += 1

    def statistics(self) -> CapacityStatistics:
        """Return a snapshot. AnyIO's threads are not this capacity's, so none are counted."""
        held = self.limiter.statistics()
        return CapacityStatistics(
            int(held.total_tokens), held.borrowed_tokens, held.tasks_waiting, 0,
            self.admitted, self.refused, self.timed_out, self.cancelled,
            Histogram(tuple(self._wait)), Histogram(tuple(self._run)),
        )  # fmt: skip


class AnyioLanes:
    """The part of a capacity that belongs to the event loops AnyIO runs on, one lane for each."""

    def __init__(self, max_waiting: int | None, timeout: float | None) -> None:
        self._max_waiting = max_waiting
        self._timeout = timeout
        self._lanes: RunVar[AnyioLane] = RunVar(f"bridge.capacity.{id(self)}")

    def lane(self, tokens: int) -> AnyioLane:
        """Return the lane of the running event loop, with so many *tokens*."""
        try:
            lane = self._lanes.get()
        except LookupError:
            lane = AnyioLane(tokens, self._max_waiting, self._timeout)
            self._lanes.set(lane)
        if lane.limiter.total_tokens != tokens:
            lane.limiter.total_tokens = tokens
        return lane

    def current(self) -> AnyioLane | None:
        """Return the lane of the running event loop, if there is one."""
        try:
            return self._lanes.get(None)
        except Exception:  # noqa: BLE001  AnyIO's way to say that no event loop runs depends on its version
            return None
