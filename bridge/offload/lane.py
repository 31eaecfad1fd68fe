"""The engine: what one capacity needs on one event loop."""

from __future__ import annotations

import asyncio
import sys
import threading
import traceback
from contextvars import Context
from time import perf_counter_ns
from typing import Final

from bridge.errors import CapacityClosed
from bridge.offload.admission import Admission
from bridge.offload.completions import Completions
from bridge.offload.job import Job
from bridge.offload.refusal import name_of
from bridge.offload.statistics import CapacityStatistics, Histogram, StuckCall
from bridge.offload.stopper import TICK_S, press, sever
from bridge.offload.waiting import wait_at_most
from bridge.offload.workers import Workers

__all__ = ["Lane"]

UNBOUNDED: Final = sys.maxsize
# How long a shutdown waits for work that it has told to stop: a few times what PostgreSQL needs; unmeasured beyond that.
GRACE_S: Final = 1.0


class Lane:
    """
    Tokens, threads and finished jobs of one capacity on one event loop. Shares nothing with other loops.

    Attributes:
        loop: The event loop.
        admission: The tokens.
        completions: Where any thread gives a job back.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, tokens: int, *, max_waiting: int | None, admission_timeout: float | None
    ) -> None:
        self.loop = loop
        self.completions = Completions(loop, self._finish)
        self._workers = Workers(loop, self.completions, tokens)
        self.admission = Admission(tokens, self._workers, loop, max_waiting=max_waiting, timeout=admission_timeout)
        # Stopping must not wait behind the work it stops.
        self._stoppers = Workers(loop, self.completions, UNBOUNDED)
        self._stops = Admission(UNBOUNDED, self._stoppers, loop)
        self._idle: asyncio.Event | None = None

    def _finish(self, jobs: list[Job]) -> None:
        for job in jobs:
            job.done = True
            job.admission.ended(job)
            if job.stopping is not None:
                job.stopping.set()
            if job.severing is not None:
                job.severing.cancel()
            future = job.future
            if not future.done():
                future.set_result(None)
        if self._idle is not None and self._is_idle():
            self._idle.set()

    def _is_idle(self) -> bool:
        return not (self.admission.unfinished or self._stops.unfinished)

    @property
    def stopping(self) -> int:
        """How many jobs are being stopped now."""
        return len(self._stops.unfinished)

    def stop(self, job: Job) -> None:
        """Ask *job*, which has a token, to end early; does nothing if it was asked before."""
        if job.stopping is None and not job.done:
            job.stopping = threading.Event()
            pressing = Job(press, (job, job.stopping), Context())
            pressing.future = self.loop.create_future()
            job.severing = self.loop.call_later(TICK_S, self._sever, job, perf_counter_ns())
            self._stops.admit(pressing)

    def _sever(self, job: Job, since_ns: int) -> None:
        # On the loop and not on the thread that stops: that may hang in the same network as the work.
        sever(job, (perf_counter_ns() - since_ns) / 1e9)
        job.severing = self.loop.call_later(TICK_S, self._sever, job, since_ns)

    def expire(self, job: Job, deadline: float) -> None:
        """End *job*, whose *deadline* of that many seconds has passed: at once if it waits, else by stopping it."""
        if job.admission.leave(job):
            job.admission.time_out(job, deadline)
        elif not job.done:
            job.expired = True
            self.admission.timed_out += 1
            self.stop(job)

    def resize(self, tokens: int) -> None:
        """Have so many tokens from now on. Calls that run keep theirs, even if that is too many for a while."""
        self.admission.tokens = tokens
        self._workers.resize(tokens, len(self.admission.unfinished))

    async def drain(self, deadline: float) -> tuple[StuckCall, ...]:
        """Take no more calls and wait *deadline* seconds for those there are, then stop them; return what is left."""
        self.admission.close()
        self._idle = asyncio.Event()
        try:
            if await self._became_idle(deadline):
                return ()
            for job in self.admission.queued():
                if self.admission.leave(job):
                    self.admission.refused += 1
                    error = CapacityClosed("the application was shut down before the call could run")
                    self.admission.finish_waiting(job, error)
            for job in self.admission.running():
                self.stop(job)
            await self._became_idle(GRACE_S)
            return tuple(map(_describe, self.admission.running()))
        finally:
            self._idle = None
            self._close_threads()

    def _close_threads(self) -> None:
        self._workers.close()
        self._stoppers.close()

    async def _became_idle(self, seconds: float) -> bool:
        if self._idle is None or self._is_idle():
            return True
        await wait_at_most(self._idle, seconds)
        return self._idle.is_set()

    def close(self) -> None:
        """Let the threads go: their loop ends. One that is busy leaves when it is not."""
        self.admission.close()
        self._close_threads()
        if self._is_idle():  # else somebody may still wait
            self.completions.close()

    def statistics(self) -> CapacityStatistics:
        """Return a snapshot."""
        admission = self.admission
        waiting = admission.waiting
        return CapacityStatistics(
            tokens=admission.tokens,
            # A thread takes the next job before the loop has counted the last one.
            running=min(len(admission.unfinished) - waiting, max(admission.tokens, self._workers.count)),
            waiting=waiting,
            workers=self._workers.count + self._stoppers.count,
            admitted=admission.admitted,
            refused=admission.refused,
            timed_out=admission.timed_out,
            cancelled=admission.cancelled,
            wait=admission.wait_histogram(),
            run=Histogram(tuple(admission.run_counts)),
        )


def _describe(job: Job) -> StuckCall:
    thread = job.worker.thread if job.worker is not None else None
    frame = sys._current_frames().get(thread.ident) if thread is not None and thread.ident is not None else None  # noqa: SLF001  documented, for this
    return StuckCall(
        name=name_of(job.fn),
        thread=thread.name if thread is not None else "",
        running_s=(perf_counter_ns() - job.started_ns) / 1e9 if job.started_ns else 0.0,
        stack="".join(traceback.format_stack(frame)) if frame is not None else "",
    )
