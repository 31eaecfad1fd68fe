"""Stop work from outside of its thread, and never anything else."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bridge.errors import NotOnWorker, WorkStopped
from bridge.offload.refusal import name_of
from bridge.offload.worker import current_job

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from threading import Event

    from bridge.offload.job import Job

__all__ = ["Armed", "arm", "disarm", "press", "raise_if_stopped", "stoppable"]

logger = logging.getLogger("bridge.offload")

# psycopg2's cancel takes 1.5 ms; the next attempt comes well after it, and later ones are for statements that began in between.
FIRST_PAUSE_S: Final = 0.02
LONGEST_PAUSE_S: Final = 1.0


@dataclass(slots=True)
class Armed:
    """
    One way to stop a job.

    Attributes:
        key: Finds it again.
        stop: Called on another thread.
        repeat: Call it again while the job goes on.
        pressed: It was called.
    """

    key: object
    stop: Callable[[], object]
    repeat: bool
    pressed: bool = False


@contextmanager
def stoppable(stop: Callable[[], object], *, repeat: bool = True) -> Iterator[None]:
    """
    Have *stop* called when the caller of the running call is cancelled or its deadline passes while the block runs.

    *stop* runs on another thread, never before the block and never after it: leaving the block waits for a *stop* under way.

    Args:
        stop: Makes the block end early, for example ``connection.cancel``. Must be safe to call from another thread.
        repeat: Call it again, at growing intervals of up to a second, until the block is left. A driver's cancel needs that, as
            it does nothing between two statements.

    Raises:
        NotOnWorker: This thread runs no offloaded call.
        WorkStopped: The call was stopped: before the block, or after it ended normally nevertheless.
    """
    if current_job() is None:
        raise NotOnWorker("stoppable is for code that runs inside offload: there is nothing to stop here")
    key = object()
    arm(key, stop, repeat=repeat)
    try:
        yield
    except BaseException:  # not finally: only a block that ended normally has to be told that it was stopped
        disarm(key)
        raise
    disarm(key)
    raise_if_stopped()


def raise_if_stopped() -> None:
    """
    End the running call if it was stopped; does nothing outside of one.

    Raises:
        WorkStopped: The caller was cancelled, or its deadline passed.
    """
    job = current_job()
    if job is not None and job.stopping is not None:
        raise _stopped(job)


def arm(key: object, stop: Callable[[], object], *, repeat: bool = True) -> None:
    """
    Do what entering `stoppable` does, for code that has events instead of a block; does nothing outside of a call.

    Raises:
        WorkStopped: The call was stopped before.
    """
    worker_job = current_job()
    if worker_job is None or worker_job.worker is None:
        return
    with worker_job.worker.lock:
        if worker_job.stopping is not None:
            raise _stopped(worker_job)
        if worker_job.armed is None:
            worker_job.armed = []
        worker_job.armed.append(Armed(key, stop, repeat))


def disarm(key: object) -> None:
    """Do what leaving `stoppable` does: when this returns, nothing armed with *key* is called any more."""
    job = current_job()
    if job is None or job.worker is None or not job.armed:
        return
    with job.worker.lock:
        job.armed[:] = [each for each in job.armed if each.key != key]


def press(job: Job, over: Event) -> None:
    """Call what is armed for *job*, again and again until it is *over*. Blocks: runs on a thread without a token."""
    pause = FIRST_PAUSE_S
    while True:
        worker = job.worker
        if worker is not None:
            # Held during the call, so that the job cannot move on to something that must not be hit.
            with worker.lock:
                for each in job.armed or ():
                    if each.repeat or not each.pressed:
                        each.pressed = True
                        _call(each.stop, job)
        if over.wait(pause):
            return
        pause = min(2 * pause, LONGEST_PAUSE_S)


def _call(stop: Callable[[], object], job: Job) -> None:
    try:
        stop()
    except Exception:  # whatever a driver raises, the work it could not stop goes on and is waited for
        logger.warning("stopping %s failed; it goes on until it ends by itself", name_of(job.fn), exc_info=True)


def _stopped(job: Job) -> WorkStopped:
    why = "its deadline passed" if job.expired else "its caller was cancelled"
    return WorkStopped(f"{name_of(job.fn)} must not go on: {why}")
