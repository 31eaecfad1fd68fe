"""Stop work from outside of its thread, and never anything else."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from bridge.errors import NotOnWorker, WorkStopped
from bridge.offload.armed import Armed, settle
from bridge.offload.refusal import name_of
from bridge.offload.worker import current_job

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from threading import Event

    from bridge.offload.job import Job
    from bridge.offload.worker import Worker

__all__ = ["TICK_S", "arm", "disarm", "guard", "press", "raise_if_stopped", "sever", "spare", "stoppable"]

logger = logging.getLogger("bridge.offload")

# psycopg2's cancel takes 1.5 ms; the next attempt comes well after it, and later ones are for statements that began in between.
FIRST_PAUSE_S: Final = 0.02
LONGEST_PAUSE_S: Final = 1.0
# How often somebody looks whether patience has run out. Only for what does not stop at once.
TICK_S: Final = 0.1


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
    job = current_job()
    if job is None or job.worker is None:
        return
    with job.worker.lock:
        if job.stopping is not None:
            raise _stopped(job)
        entry = _entry(job, key)
        entry.stop, entry.repeat, entry.pressed = stop, repeat, False


def guard(key: object, cut: Callable[[], object], *, patience: float) -> None:
    """
    Have *cut* called once if the running call is stopped and still runs *patience* seconds later; does nothing outside of one.

    It lasts until `disarm`; what `arm` adds under the same *key*, and `spare` takes away, comes on top of it.

    Args:
        key: As for `arm`.
        cut: Makes whatever the thread waits for fail. Called on the event loop, so it must not block.
        patience: Seconds.
    """
    job = current_job()
    if job is None or job.worker is None:
        return
    with job.worker.lock:
        entry = _entry(job, key)
        entry.cut, entry.patience = cut, patience


def spare(key: object) -> None:
    """When this returns, the *stop* armed with *key* is not called any more; what guards it still is."""
    job = current_job()
    if job is None or job.worker is None or not job.armed:
        return
    with job.worker.lock:
        settle((each for each in job.armed if each.key == key), job.worker.settled)


def disarm(key: object) -> None:
    """Do what leaving `stoppable` does: when this returns, nothing armed with *key* is called any more."""
    job = current_job()
    if job is None or job.worker is None or not job.armed:
        return
    with job.worker.lock:
        # It stays in the list until then, so that it can still be cut.
        settle((each for each in job.armed if each.key == key), job.worker.settled)
        job.armed[:] = [each for each in job.armed if each.key != key]


def press(job: Job, over: Event) -> None:
    """Call what is armed for *job*, again and again until it is *over*. Blocks: runs on a thread without a token."""
    pause = FIRST_PAUSE_S
    while True:
        worker = job.worker
        if worker is not None:
            with worker.lock:
                armed = list(job.armed or ())
            for each in armed:
                _press(job, worker, each)
        if over.wait(pause):
            return
        pause = min(2 * pause, LONGEST_PAUSE_S)


def sever(job: Job, after_s: float) -> None:
    """Cut what *job*, which was asked to stop *after_s* seconds ago, holds for longer than it may. Does not block."""
    worker = job.worker
    if worker is None:
        return
    with worker.lock:
        for each in job.armed or ():
            if each.cut is not None and not each.severed and after_s >= each.patience:
                each.severed = True
                logger.warning("%s did not stop within %.1f s; its connection is cut", name_of(job.fn), after_s)
                _call(each.cut, job)
        worker.settled.notify_all()


def _press(job: Job, worker: Worker, each: Armed) -> None:
    with worker.lock:
        stop = each.stop
        if stop is None or each.severed or (each.pressed and not each.repeat):
            return
        each.pressed = each.under_way = True
    try:
        # Without the lock, because it may hang; but the job cannot move on to something that must not be hit, see `settle`.
        _call(stop, job)
    finally:
        with worker.lock:
            each.under_way = False
            worker.settled.notify_all()


def _entry(job: Job, key: object) -> Armed:
    if job.armed is None:
        job.armed = []
    for each in job.armed:
        if each.key == key:
            return each
    entry = Armed(key)
    job.armed.append(entry)
    return entry


def _call(stop: Callable[[], object], job: Job) -> None:
    try:
        stop()
    except Exception:  # whatever a driver raises, the work it could not stop goes on and is waited for
        logger.warning("stopping %s failed; it goes on until it ends by itself", name_of(job.fn), exc_info=True)


def _stopped(job: Job) -> WorkStopped:
    why = "its deadline passed" if job.expired else "its caller was cancelled"
    return WorkStopped(f"{name_of(job.fn)} must not go on: {why}")
