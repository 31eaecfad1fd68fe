"""Hand finished jobs back to the event loop, many at one wake-up."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from bridge.offload.job import Job

__all__ = ["Completions"]


class Completions:
    """
    A mailbox that any thread puts jobs into and the event loop empties.

    Waking a loop costs a system call, and giving up the GIL around it. Only the first of several jobs does it; the lock is
    the mark that a wake-up is under way, because taking and freeing it orders memory on every build of Python.

    Attributes:
        loop: The event loop.
    """

    __slots__ = ("_finish", "_jobs", "_waking", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop, finish: Callable[[list[Job]], None]) -> None:
        self.loop = loop
        self._finish = finish
        self._jobs: deque[Job] = deque()
        self._waking = threading.Lock()

    def put(self, job: Job) -> None:
        """Give *job* to the loop. Called on any thread; does nothing more once the loop is closed."""
        self._jobs.append(job)
        if self._waking.acquire(False):  # noqa: FBT003  its keyword costs a tenth of a microsecond per call
            try:
                self.loop.call_soon_threadsafe(self._drain)
            except RuntimeError:  # the loop is closed, so nobody waits for the job
                self._jobs.clear()

    def _drain(self) -> None:
        # Freed before the jobs are counted: one that is put after that is not counted, and wakes the loop again.
        self._waking.release()
        take = self._jobs.popleft
        self._finish([take() for _ in range(len(self._jobs))])
