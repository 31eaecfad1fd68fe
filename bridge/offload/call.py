"""Run one synchronous call on a worker thread."""

from __future__ import annotations

import asyncio
from asyncio import get_running_loop
from contextvars import copy_context
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple

from anyio import CancelScope

from bridge.offload.cycles import refuse_cycle
from bridge.offload.fallback import offload_anyio
from bridge.offload.job import Job
from bridge.offload.outcome import finish_unusual
from bridge.offload.portal import PORTAL, lent_by
from bridge.offload.refusal import LAZY_TYPES, check_callable

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.offload.capacity import Capacity
    from bridge.offload.lane import Lane
    from bridge.offload.portal import Portal

__all__ = ["offload"]

Args = TypeVarTuple("Args")
T = TypeVar("T")


async def offload(
    fn: Callable[[*Args], T],
    *args: *Args,
    capacity: Capacity,
    deadline: float | None = None,
    write_back: bool = False,
) -> T:
    """
    Run *fn* on a worker thread and await its result.

    Equivalent to ``fn(*args)``, except that the event loop stays free. The caller's context variables are visible to *fn*.

    Args:
        fn: Synchronous callable. Keyword arguments go in through `functools.partial`.
        *args: Arguments of *fn*.
        capacity: The tokens that bound how many calls run at once.
        deadline: Seconds for admission and run together; None is no limit but the capacity's own.
        write_back: What *fn* sets in context variables is set for the caller too, if it returns normally.

    Raises:
        LegacyIsAsync: *fn* is asynchronous.
        ResultIsLazy: *fn* is a generator function, or returned a generator.
        TooManyWaiting: As many calls wait for a token as may.
        AdmissionTimeout: No token became free in time; *fn* never ran.
        DeadlineExceeded: The deadline passed while *fn* ran; it was stopped.
        CapacityClosed: The capacity is being shut down.
        Unavailable: The system gave no thread.
        CallCycle: The call is nested, and waits for a token that can never become free.
        StopIterationEscaped: *fn* raised StopIteration.
        WorkerExit: *fn* raised SystemExit, KeyboardInterrupt or the like.
        BaseException: What else *fn* raised, with its traceback.

    Cancellation:
        Before a token: *fn* never runs. While running: what *fn* made `stoppable`, such as an SQL statement on an engine of
        `Database`, is stopped; the rest of *fn* is waited for. The token is returned, and the cancellation delivered, when the
        thread is done. Never leaves a thread behind.
    """
    check_callable(fn)
    try:
        loop = get_running_loop()
    except RuntimeError:  # not asyncio: AnyIO knows what it is
        return await offload_anyio(fn, args, capacity, deadline, write_back=write_back)
    lane = capacity.lanes.get(loop) or capacity.lane(loop)
    portal = PORTAL.get()
    job = Job(fn, args, copy_context(), portal)
    job.future = future = loop.create_future()
    timer = None
    try:
        if portal is None:
            lane.admission.admit(job)
        else:
            _admit_nested(job, lane, portal)
        if deadline is not None and not job.done:
            timer = loop.call_later(deadline, lane.expire, job, deadline)
        try:
            await future
        except asyncio.CancelledError:
            await _withdraw(job, lane)
            raise
    finally:
        if timer is not None:
            timer.cancel()
        if portal is not None:
            portal.nested.discard(job)
    if job.error is not None or job.expired or write_back or type(job.result) in LAZY_TYPES:
        finish_unusual(job, deadline, write_back=write_back)
    result: T = job.result
    return result


def _admit_nested(job: Job, lane: Lane, portal: Portal) -> None:
    """Use the token and the thread of a call further up, which waits for this one, or wait for others."""
    lent = lent_by(portal, lane.admission)
    portal.nested.add(job)
    (lent or lane.admission).admit(job)
    refuse_cycle(job, portal)


async def _withdraw(job: Job, lane: Lane) -> None:
    """Take *job* back, whose caller was cancelled: at once if it waits, else when its thread has stopped."""
    if job.done:
        return
    lane.admission.cancelled += 1
    if job.admission.leave(job):
        return
    lane.stop(job)
    cancelled: asyncio.CancelledError | None = None
    # The shield keeps an AnyIO scope from cancelling the wait over and over; a plain cancel still arrives each time.
    with CancelScope(shield=True):
        while not job.done:
            job.future = lane.loop.create_future()
            try:
                await job.future
            except asyncio.CancelledError as error:
                cancelled = error
    if cancelled is not None:
        raise cancelled
