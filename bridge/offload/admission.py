"""Tokens, and the line of calls that wait for one."""

from __future__ import annotations

from math import ceil
from time import perf_counter_ns
from typing import TYPE_CHECKING, Final, Protocol

from bridge.errors import AdmissionTimeout, CapacityClosed, TooManyWaiting
from bridge.offload.refusal import name_of
from bridge.offload.statistics import BUCKETS, Histogram

if TYPE_CHECKING:
    import asyncio

    from bridge.offload.job import Job
    from bridge.offload.line import Line

__all__ = ["Admission"]

NS: Final = 1_000_000_000
# A client that is told to wait for longer might as well be told nothing; unmeasured.
LONGEST_RETRY_S: Final = 60


class Threads(Protocol):
    """What runs the jobs that are admitted: threads with a line before them."""

    line: Line

    def submit(self, job: Job, unfinished: int) -> None:
        """Run *job* as soon as a thread is free; it is one of so many *unfinished* ones."""


class Admission:
    """
    Who may run or wait, for how long, and how many did. Lives on one event loop.

    There are no more threads than tokens, and a thread takes the next job itself; so a token needs no hand-over.

    Attributes:
        tokens: How many jobs may run at once.
        unfinished: The jobs that run or wait, in the order in which they came.
        root: The admission whose tokens these are: itself, or for nested calls the one that their caller got its token from.
    """

    __slots__ = (
        "_loop",
        "_max_waiting",
        "_open",
        "_threads",
        "_timeout",
        "_timer",
        "cancelled",
        "refused",
        "root",
        "run_counts",
        "submitted",
        "timed_out",
        "tokens",
        "unfinished",
        "wait_counts",
    )

    def __init__(
        self,
        tokens: int,
        threads: Threads,
        loop: asyncio.AbstractEventLoop,
        *,
        max_waiting: int | None = None,
        timeout: float | None = None,
        root: Admission | None = None,
    ) -> None:
        """
        Args:
            tokens: How many jobs may run at once.
            threads: Runs the jobs; has no more threads than there are tokens.
            loop: Keeps the time.
            max_waiting: Jobs that may wait for a token; None is any number.
            timeout: Seconds a job may wait; None is for ever.
            root: See the attribute.
        """
        self.tokens = tokens
        self.unfinished: dict[Job, None] = {}
        self.root = root or self
        self.submitted = self.refused = self.timed_out = self.cancelled = 0
        self.wait_counts = [0] * BUCKETS
        self.run_counts = [0] * BUCKETS
        self._threads = threads
        self._loop = loop
        self._max_waiting = max_waiting
        self._timeout = timeout
        self._timer: asyncio.TimerHandle | None = None
        self._open = True

    @property
    def waiting(self) -> int:
        """How many wait for a token; a job whose thread is about to take it has one."""
        return max(0, min(self._threads.line.waiting, len(self.unfinished) - self.tokens))

    @property
    def admitted(self) -> int:
        """How many have got a token so far."""
        return self.submitted - self.waiting

    def admit(self, job: Job) -> None:
        """
        Give *job* a token, or a place in the line.

        Raises:
            TooManyWaiting: The line is full.
            CapacityClosed: No more jobs are taken.
            Unavailable: There is no thread for it.
        """
        if self._open:
            if len(self.unfinished) < self.tokens:
                self._submit(job)
                return
            limit = self._max_waiting
            # The first comparison is cheap, and nearly always enough.
            if limit is None or len(self.unfinished) < self.tokens + limit or self.waiting < limit:
                self.enqueue(job)
                return
        raise self._refusal()

    def enqueue(self, job: Job) -> None:
        """Put *job* at the end of the line, however long that is."""
        job.queued_ns = perf_counter_ns()
        if self._timer is None and self._timeout is not None:
            self._timer = self._loop.call_later(self._timeout, self._expire)
        self._submit(job)

    def _submit(self, job: Job) -> None:
        job.admission = self
        unfinished = self.unfinished
        unfinished[job] = None
        try:
            self._threads.submit(job, len(unfinished))
        except BaseException:  # no token may be lost, whatever it is
            del unfinished[job]
            raise
        self.submitted += 1

    def leave(self, job: Job) -> bool:
        """Take *job* back, so that it never runs; return False if it runs already, or did."""
        if not self._threads.line.withdraw(job):
            return False
        del self.unfinished[job]
        self.submitted -= 1
        return True

    def queued(self) -> list[Job]:
        """Return the jobs that no thread has taken, in order."""
        return [job for job in self.unfinished if job.waiting]

    def running(self) -> list[Job]:
        """Return the jobs that hold a token."""
        return [job for job in self.unfinished if not job.waiting]

    def ended(self, job: Job) -> None:
        """Count *job*, whose thread is done with it."""
        del self.unfinished[job]
        took = (job.ended_ns - job.started_ns).bit_length()
        self.run_counts[took if took < BUCKETS else -1] += 1
        if job.queued_ns:
            self.wait_counts[_bucket_of_wait(job)] += 1

    def wait_histogram(self) -> Histogram:
        """Return how long those waited that have a token, or had one."""
        counts = list(self.wait_counts)
        for job in self.running():
            if job.queued_ns and job.started_ns:
                counts[_bucket_of_wait(job)] += 1
        counts[0] += self.admitted - sum(counts)  # those that did not wait are not timed either
        return Histogram(tuple(counts))

    def finish_waiting(self, job: Job, error: BaseException) -> None:
        """End *job*, which never ran, with *error*."""
        job.error = error
        job.done = True
        job.wake()

    def time_out(self, job: Job, seconds: float) -> None:
        """End *job*, which has waited *seconds* and was taken back."""
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
            if self.leave(job):
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


def _bucket_of_wait(job: Job) -> int:
    waited = (job.started_ns - job.queued_ns).bit_length()
    return waited if waited < BUCKETS else -1
