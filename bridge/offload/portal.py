"""The way back from a worker thread to its event loop, and the thread it leaves free meanwhile."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final

from bridge.offload.admission import Admission
from bridge.offload.line import Line

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from bridge.offload.job import Job
    from bridge.offload.worker import Worker

__all__ = ["PORTAL", "Portal", "lent_by"]

PORTAL: Final[ContextVar[Portal | None]] = ContextVar("bridge.offload.portal", default=None)


class Portal:
    """
    One call from a worker thread into its event loop.

    While it lasts, the thread has nothing to do, and its token is of use to nobody. Calls that the coroutine offloads with the
    same capacity are therefore run on that thread with that token, one after the other.

    Attributes:
        job: The call that waits for the coroutine.
        open: The coroutine has not ended.
        nested: Calls made by the coroutine that have not ended.
        admission: Gives the thread to nested calls.
        line: The nested calls that the thread has not taken.
    """

    def __init__(self, job: Job, loop: asyncio.AbstractEventLoop) -> None:
        self.job = job
        self.open = True
        self.nested: set[Job] = set()
        self.line = Line()
        self._bell: SimpleQueue[bool] = SimpleQueue()
        self.admission = Admission(1, self, loop, root=job.admission.root)
        self._loop = loop
        self._task: asyncio.Task[Any] | None = None
        self._result: Any = None
        self._error: BaseException | None = None

    def submit(self, job: Job, _unfinished: int) -> None:
        """Have the waiting thread run *job*."""
        with self.line.lock:
            self.line.push(job)
        self._bell.put(True)  # noqa: FBT003  there is something to run

    def begin(self, fn: Callable[..., Coroutine[Any, Any, Any]], args: tuple[Any, ...]) -> None:
        """Start the coroutine. Called on the loop, in the context it shall see."""
        self.job.inner = self
        try:
            self._task = self._loop.create_task(fn(*args))
        except BaseException as error:  # noqa: BLE001  it belongs to the worker
            self._error = error
            self._close()
        else:
            self._task.add_done_callback(self._end)

    def cancel(self) -> None:
        """Cancel the coroutine. Called on any thread."""
        self._loop.call_soon_threadsafe(self._cancel)

    def serve(self, worker: Worker, give_back: Callable[[Job], None]) -> Any:
        """Run nested calls on this thread until the coroutine ends, and return its result."""
        while self._bell.get():
            with self.line.lock:
                job = self.line.take()
            if job is not None:
                worker.execute(job)
                give_back(job)
        if self._error is not None:
            error, self._error = self._error, None
            try:
                raise error
            finally:
                del error  # the traceback refers to this frame
        return self._result

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _end(self, task: asyncio.Task[Any]) -> None:
        if task.cancelled():
            self._error = asyncio.CancelledError()
        else:
            self._error = task.exception()
            self._result = None if self._error is not None else task.result()
        self._close()

    def _close(self) -> None:
        self.open = False
        self.job.inner = None
        # What a task left behind wants to run has to find another thread.
        for job in self.admission.queued():
            if self.admission.leave(job):
                self.admission.root.enqueue(job)
        self._bell.put(False)  # noqa: FBT003  the coroutine has ended


def lent_by(portal: Portal | None, admission: Admission) -> Admission | None:
    """Return the token of *admission* that a call in the chain of *portal* holds and cannot use, or None."""
    while portal is not None:
        if portal.open and portal.job.admission.root is admission:
            return portal.admission
        portal = portal.job.portal
    return None
