"""One thread, and what it runs."""

from __future__ import annotations

import threading
from time import perf_counter_ns
from typing import TYPE_CHECKING, Final

from bridge.errors import WorkStopped
from bridge.offload.armed import settle

if TYPE_CHECKING:
    from bridge.offload.completions import Completions
    from bridge.offload.job import Job

__all__ = ["CURRENT", "Worker", "current_job"]


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
        bell: Held while the thread has nothing to do; releasing it wakes the thread.
        leaving: The thread has to end.
        thread: The thread itself; this one, unless it is set to another that is about to start.
        completions: Where its jobs go when they are done; None on a thread of AnyIO's.
    """

    __slots__ = ("bell", "completions", "job", "leaving", "lock", "settled", "thread")

    def __init__(self, completions: Completions | None = None) -> None:
        self.thread = threading.current_thread()
        self.completions = completions
        self.job: Job | None = None
        self.leaving = False
        self.lock = threading.Lock()
        self.settled = threading.Condition(self.lock)
        self.bell = threading.Lock()
        self.bell.acquire()

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
