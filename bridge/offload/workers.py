"""The threads that run the jobs of one event loop."""

from __future__ import annotations

import threading
from itertools import count
from typing import TYPE_CHECKING, Final

from bridge.errors import Unavailable
from bridge.offload.line import Line
from bridge.offload.worker import CURRENT, Worker

if TYPE_CHECKING:
    import asyncio

    from bridge.offload.completions import Completions
    from bridge.offload.job import Job

__all__ = ["Workers"]

# Starting a thread takes less than 0.1 ms, so keeping one for much longer gains little; unmeasured beyond that.
IDLE_S: Final = 10.0


class Workers:
    """
    As many threads as there are jobs at the busiest moment, and never more than tokens; those too many leave.

    A thread that ends a job takes the next one itself, so that the event loop is not in its way. An idle thread sleeps at a lock of
    its own. One that is woken wakes the next if there is more to do, so that a burst of short jobs does not wake all of them.

    Attributes:
        line: The jobs that no thread has taken. Its lock also guards everything here that threads read.
        limit: How many threads may live.
        count: How many live.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, completions: Completions, limit: int) -> None:
        """
        Args:
            loop: Its clock decides who has been idle.
            completions: Where finished jobs go.
            limit: See the attribute.
        """
        self.line = Line()
        self.limit = limit
        self.count = 0
        self._loop = loop
        self._completions = completions
        self._idle: list[Worker] = []
        self._waking = False
        self._closing = False
        self._names = count(1)
        self._peak = 0
        self._timer: asyncio.TimerHandle | None = None

    def submit(self, job: Job, unfinished: int) -> None:
        """
        Have *job* run as soon as a thread is free.

        Args:
            job: What to run.
            unfinished: How many jobs there are, this one included, that run or wait.

        Raises:
            Unavailable: There is no thread, and none can be started.
        """
        if unfinished > self._peak:  # noqa: PLR1730  max() costs as much as the rest
            self._peak = unfinished
        self._closing = False
        if unfinished > self.count < self.limit:
            self.grow(unfinished)
        line = self.line
        with line.lock:
            line.push(job)
            woken = self._next_to_wake()
        if woken is not None:
            woken.bell.release()

    def grow(self, wanted: int) -> None:
        """
        Have *wanted* threads, or as many as there may be.

        Raises:
            Unavailable: There is no thread, and none can be started.
        """
        while self.count < min(wanted, self.limit) and self._start():
            pass

    def _start(self) -> bool:
        name = f"bridge-worker-{next(self._names)}"
        worker = Worker(self._completions)
        worker.thread = threading.Thread(target=self._work, args=(worker,), name=name, daemon=True)
        with self.line.lock:
            self.count += 1
        try:
            worker.thread.start()
        except RuntimeError as error:
            with self.line.lock:
                self.count -= 1
            if self.count:  # no more threads: the job waits for one of ours
                return False
            msg = "the system gave no thread to run a call on: raise its limit, or lower the capacity"
            raise Unavailable(msg) from error
        if self._timer is None:
            self._timer = self._loop.call_later(IDLE_S, self._dismiss_idle)
        return True

    def _work(self, worker: Worker) -> None:
        CURRENT.worker = worker
        put, take, execute = self._completions.put, self._take, worker.execute
        while (job := take(worker)) is not None:
            execute(job)
            put(job)
            del job  # an idle thread must not keep arguments and results alive

    def _take(self, worker: Worker) -> Job | None:
        """Wait for a job; return None when *worker* has to leave."""
        line, woken = self.line, False
        while True:
            job = other = None
            with line.lock:
                if woken:
                    self._waking = False
                if self.count > self.limit or (self._closing and not line.waiting):
                    self.count -= 1
                    worker.leaving = True
                elif (job := line.take()) is None:
                    self._idle.append(worker)
                if line.waiting:
                    other = self._next_to_wake()
            if other is not None:
                other.bell.release()
            if job is not None or worker.leaving:
                return job
            worker.bell.acquire()
            if worker.leaving:
                return None
            woken = True

    def _next_to_wake(self) -> Worker | None:
        """Return who has to be woken once the lock is free. At most one is on its way: it sees to the next."""
        if self._waking or not self._idle:
            return None
        self._waking = True
        return self._idle.pop()

    def resize(self, limit: int, unfinished: int) -> None:
        """Have at most *limit* threads from now on. One that is busy leaves when it is not."""
        with self.line.lock:
            self.limit = limit
        self._dismiss(self.count - limit)
        self.grow(unfinished)

    def _dismiss_idle(self) -> None:
        # Decided by the loop, which knows how many jobs there were at the busiest moment.
        surplus, self._peak = self.count - self._peak, 0
        self._dismiss(surplus)
        self._timer = self._loop.call_later(IDLE_S, self._dismiss_idle) if self.count else None

    def _dismiss(self, number: int) -> None:
        """Have *number* idle threads leave: those first that have been idle for longest."""
        with self.line.lock:
            chosen = self._idle[: max(0, number)]
            del self._idle[: len(chosen)]
            self.count -= len(chosen)
        for worker in chosen:
            worker.leaving = True
            worker.bell.release()

    def close(self) -> None:
        """Have every thread leave as soon as it is idle, and forget the line; the next job opens it again."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        self._peak = 0
        with self.line.lock:
            self._closing = True
            self.line.clear()
        self._dismiss(self.count)
