"""Tokens, and the line of calls that wait for one."""

from __future__ import annotations

from collections import deque
from math import ceil
from time import perf_counter_ns
from typing import TYPE_CHECKING, Final

from bridge.errors import AdmissionTimeout, CapacityClosed, TooManyWaiting, Unavailable
from bridge.offload.refusal import name_of
from bridge.offload.statistics import BUCKETS

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from bridge.offload.job import Job

__all__ = ["Admission"]

NS: Final = 1_000_000_000
# A client that is told to wait for longer might as well be told nothing; unmeasured.
LONGEST_RETRY_S: Final = 60


class Admission:
    """
    First come, first served. Lives on one event loop, which is why it needs no lock.

    Attributes:
        tokens: How many jobs may run at once.
        running: The jobs that hold a token.
        waiting: How many wait for one.
        root: The admission whose tokens these are: itself, or for nested calls the one that their caller got its token from.
    """

    __slots__ = (
        "_line",
        "_loop",
        "_max_waiting",
        "_open",
        "_submit",
        "_timeout",
        "_timer",
        "admitted",
        "cancelled",
        "refused",
        "root",
        "run_counts",
        "running",
        "timed_out",
        "tokens",
        "wait_counts",
        "waiting",
    )

    def __init__(
        self,
        tokens: int,
        submit: Callable[[list[Job]], None],
        loop: asyncio.AbstractEventLoop,
        *,
        max_waiting: int | None = None,
        timeout: float | None = None,
        root: Admission | None = None,
    ) -> None:
        """
        Args:
            tokens: How many jobs may run at once.
            submit: Runs jobs that have their tokens.
            loop: Keeps the time.
            max_waiting: Jobs that may wait for a token; None is any number.
            timeout: Seconds a job may wait; None is for ever.
            root: See the attribute.
        """
        self.tokens = tokens
        self.running: set[Job] = set()
        # Those who left are skipped when their turn comes: their *waiting* is off.
        self._line: deque[Job] = deque()
        self.waiting = 0
        self.root = root or self
        self.admitted = self.refused = self.timed_out = self.cancelled = 0
        self.wait_counts = [0] * BUCKETS
        self.run_counts = [0] * BUCKETS
        self._submit = submit
        self._loop = loop
        self._max_waiting = max_waiting
        self._timeout = timeout
        self._timer: asyncio.TimerHandle | None = None
        self._open = True

    def admit(self, job: Job) -> None:
        """
        Give *job* a token, or a place in the line.

        Raises:
            TooManyWaiting: The line is full.
            CapacityClosed: No more jobs are taken.
        """
        job.admission = self
        if self._open:
            if not self.waiting and len(self.running) < self.tokens:
                self.running.add(job)
                try:
                    self._submit([job])
                except BaseException:
                    self.running.remove(job)
                    raise
                self.admitted += 1
                return
            if self._max_waiting is None or self.waiting < self._max_waiting:
                self.enqueue(job)
                return
        raise self._refusal()

    def enqueue(self, job: Job) -> None:
        """Put *job* at the end of the line, however long that is."""
        job.admission = self
        job.waiting = True
        job.queued_ns = perf_counter_ns()
        self._line.append(job)
        self.waiting += 1
        if self._timer is None and self._timeout is not None:
            self._timer = self._loop.call_later(self._timeout, self._expire)

    def leave(self, job: Job) -> None:
        """Take *job*, which waits, out of the line."""
        job.waiting = False
        self.waiting -= 1
        if len(self._line) > 2 * self.waiting:  # so that leaving costs a constant on average, in time and in memory
            self._line = deque(self.queued())

    def queued(self) -> list[Job]:
        """Return the jobs that wait, in order."""
        return [job for job in self._line if job.waiting]

    def advance(self) -> None:
        """Give free tokens to those who wait."""
        free = min(self.tokens - len(self.running), self.waiting)
        if free <= 0:
            return
        now, counts, take = perf_counter_ns(), self.wait_counts, self._line.popleft
        jobs: list[Job] = []
        while len(jobs) < free:
            job = take()
            if job.waiting:  # else its caller has gone
                job.waiting = False
                waited = (now - job.queued_ns).bit_length()
                counts[waited if waited < BUCKETS else -1] += 1
                jobs.append(job)
        self.waiting -= free
        self.running.update(jobs)
        self.admitted += free
        try:
            self._submit(jobs)
        except Unavailable as error:  # theirs, not of whoever freed the tokens
            for job in jobs:
                self.running.remove(job)
                self.finish_waiting(job, error)

    def finish_waiting(self, job: Job, error: BaseException) -> None:
        """End *job*, which never ran, with *error*."""
        job.error = error
        job.done = True
        job.wake()

    def time_out(self, job: Job, seconds: float) -> None:
        """End *job*, which waits, because it has waited *seconds*."""
        self.leave(job)
        self.timed_out += 1
        error = AdmissionTimeout(
            f"{name_of(job.fn)} waited {seconds:g} s for one of {self.tokens} tokens: "
            "retry later, raise the capacity, or find out what holds the tokens"
        )
        error.retry_after = self._retry_after()
        self.finish_waiting(job, error)

    def close(self) -> None:
        """Take no more jobs; those in line stay there."""
        self._open = False

    def reopen(self) -> None:
        """Take jobs again."""
        self._open = True

    def _expire(self) -> None:
        # One timer for the whole line: all wait equally long, so the first to come is the first to be late.
        assert self._timeout is not None  # noqa: S101  for the type checker: there is no timer without it
        self._timer = None
        now = perf_counter_ns()
        limit = int(self._timeout * NS)
        for job in self.queued():
            left = job.queued_ns + limit - now
            if left > 0:
                self._timer = self._loop.call_later(left / NS, self._expire)
                return
            self.time_out(job, self._timeout)

    def _refusal(self) -> CapacityClosed | TooManyWaiting:
        self.refused += 1
        if not self._open:
            return CapacityClosed("the application is shutting down and takes no more calls: try another process")
        error = TooManyWaiting(
            f"{self.waiting} calls wait for one of {self.tokens} tokens already, and no more than "
            f"{self._max_waiting} may: retry later, or raise the capacity"
        )
        error.retry_after = self._retry_after()
        return error

    def _retry_after(self) -> int:
        """Return whole seconds after which those who wait now should have run."""
        ran = sum(self.run_counts)
        spent_ns = sum(count * 2**bucket for bucket, count in enumerate(self.run_counts))
        turns = self.waiting / self.tokens
        return min(LONGEST_RETRY_S, max(1, ceil(turns * spent_ns / ran / NS))) if ran else 1
