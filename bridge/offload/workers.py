"""The threads that run the jobs of one event loop."""

from __future__ import annotations

import threading
from itertools import count
from queue import SimpleQueue
from time import perf_counter_ns
from typing import TYPE_CHECKING, Final

from bridge.errors import Unavailable, WorkStopped
from bridge.offload.armed import settle

if TYPE_CHECKING:
    import asyncio

    from bridge.offload.completions import Completions
    from bridge.offload.job import Job

__all__ = ["CURRENT", "Worker", "Workers", "current_job"]

# Starting a thread takes less than 0.1 ms, so keeping one for much longer gains little; unmeasured beyond that.
IDLE_S: Final = 10.0


class Current(threading.local):
    """The worker of this thread."""

    worker: Worker | None = None


CURRENT: Final = Current()


def current_job() -> Job | None:
    """Return the job that runs on this thread."""
    worker = CURRENT.worker
    return None if worker is None else worker.job


class Worker:
    """
    One thread.

    Attributes:
        job: What it runs now.
        lock: Guards what `stopper` has armed for the jobs of this thread.
        settled: Notified, with that lock, when a call from outside has ended.
        thread: The thread itself.
        completions: Where its jobs go when they are done; None on a thread of AnyIO's.
    """

    __slots__ = ("completions", "job", "lock", "settled", "thread")

    def __init__(self, thread: threading.Thread, completions: Completions | None = None) -> None:
        self.thread = thread
        self.completions = completions
        self.job: Job | None = None
        self.lock = threading.Lock()
        self.settled = threading.Condition(self.lock)

    def execute(self, job: Job) -> None:
        """Run *job* on this thread, which is inside another one if that waits in `from_thread`."""
        outer, self.job = self.job, job
        job.worker = self
        job.started_ns = perf_counter_ns()
        try:
            if job.stopping is not None:  # cancelled between its token and its thread
                raise WorkStopped("the caller had gone before the call could start")  # noqa: TRY301  a call would cost more
            job.result = job.context.run(job.fn, *job.args)
        except BaseException as error:  # noqa: BLE001  the caller gets it, whatever it is
            job.error = error
        job.ended_ns = perf_counter_ns()
        self.job = outer
        if job.armed:
            with self.lock:  # whoever stops the job right now finishes first
                settle(job.armed, self.settled)
                job.armed.clear()


def _work(jobs: SimpleQueue[Job | None], completions: Completions) -> None:
    worker = CURRENT.worker = Worker(threading.current_thread(), completions)
    get, execute, put = jobs.get, worker.execute, completions.put
    while (job := get()) is not None:
        execute(job)
        put(job)
        del job  # an idle thread must not keep arguments and results alive


class Workers:
    """
    As many threads as there are jobs at the busiest moment; those too many leave.

    Attributes:
        busy: Jobs that are in the queue or on a thread.
        count: Threads that live, or are about to leave.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, completions: Completions) -> None:
        """
        Args:
            loop: Its clock decides who has been idle.
            completions: Where finished jobs go.
        """
        self._loop = loop
        self._completions = completions
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._names = count(1)
        self.busy = 0
        self._peak = 0
        self._timer: asyncio.TimerHandle | None = None
        self.count = 0

    def submit(self, jobs: list[Job]) -> None:
        """
        Have *jobs* run at once: there is a thread for each.

        Raises:
            Unavailable: There is no thread, and none can be started.
        """
        busy = self.busy + len(jobs)
        if busy > self._peak:  # noqa: PLR1730  max() costs as much as the rest
            self._peak = busy
        while busy > self.count and self._start():
            pass
        self.busy = busy
        put = self._jobs.put
        for job in jobs:
            put(job)

    def _start(self) -> bool:
        name = f"bridge-worker-{next(self._names)}"
        thread = threading.Thread(target=_work, args=(self._jobs, self._completions), name=name, daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            if self.count:  # no more threads: the job waits for one of ours
                return False
            msg = "the system gave no thread to run a call on: raise its limit, or lower the capacity"
            raise Unavailable(msg) from error
        self.count += 1
        if self._timer is None:
            self._timer = self._loop.call_later(IDLE_S, self._dismiss_idle)
        return True

    def _dismiss_idle(self) -> None:
        # Decided here and not by the threads: a thread could leave in the moment a job is counted on it.
        surplus = max(0, self.count - self._peak)
        self._peak = self.busy
        self.dismiss(surplus)
        self._timer = self._loop.call_later(IDLE_S, self._dismiss_idle) if self.count else None

    def dismiss(self, number: int) -> None:
        """Have *number* threads leave as soon as they are idle."""
        for _ in range(number):
            self._jobs.put(None)
        self.count -= number

    def close(self) -> None:
        """Have every thread leave as soon as it is idle."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        self._peak = 0
        self.dismiss(self.count)
        # A thread that is started later must not find what was meant for those that are busy now.
        self._jobs = SimpleQueue()
