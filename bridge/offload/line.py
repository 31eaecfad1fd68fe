"""Jobs that no thread has taken yet."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bridge.offload.job import Job

__all__ = ["Line"]

# Below this, jobs whose callers have gone may stay in a line until their turn comes; unmeasured.
FEW: Final = 16


class Line:
    """
    First come, first served, for an event loop that puts jobs in and threads that take them out.

    Whoever turns a job's *waiting* off, under the lock, owns the job: the thread that takes it or the loop that withdraws it.

    Attributes:
        lock: Guards the line, and what belongs to it elsewhere.
        waiting: How many jobs are in it.
    """

    __slots__ = ("_jobs", "lock", "waiting")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        # Those that were withdrawn are skipped when their turn comes.
        self._jobs: deque[Job] = deque()
        self.waiting = 0

    def push(self, job: Job) -> None:
        """Put *job* at the end. The lock is held."""
        job.waiting = True
        self._jobs.append(job)
        self.waiting += 1

    def take(self) -> Job | None:
        """Take the first job out, or return None if there is none. The lock is held."""
        if self.waiting:
            while not (job := self._jobs.popleft()).waiting:
                pass
            job.waiting = False
            self.waiting -= 1
            return job
        return None

    def withdraw(self, job: Job) -> bool:
        """Take *job* out, so that it never runs; return whether it was still there."""
        with self.lock:
            if not job.waiting:
                return False
            job.waiting = False
            self.waiting -= 1
            if (
                len(self._jobs) > 2 * self.waiting + FEW
            ):  # so that it costs a constant on average, in time and in memory
                self._jobs = deque(each for each in self._jobs if each.waiting)
            return True

    def clear(self) -> list[Job]:
        """Take all jobs out, and return them in order. The lock is held."""
        jobs = [job for job in self._jobs if job.waiting]
        for job in jobs:
            job.waiting = False
        self._jobs.clear()
        self.waiting = 0
        return jobs
