"""The same semantics on trio, and whatever else AnyIO runs on: slower, and made of its primitives."""

from __future__ import annotations

import math
import threading
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from anyio import (
    CancelScope,
    CapacityLimiter,
    create_task_group,
    current_time,
    get_cancelled_exc_class,
    move_on_after,
    sleep,
    sleep_forever,
    to_thread,
)
from anyio import from_thread as anyio_from_thread

from bridge.errors import NotOnWorker
from bridge.offload.anyio_lane import HELD, AnyioLane
from bridge.offload.job import Job
from bridge.offload.outcome import finish_unusual
from bridge.offload.stopper import TICK_S, press, sever
from bridge.offload.worker import CURRENT, Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from bridge.offload.capacity import Capacity

__all__ = ["call_anyio", "offload_anyio"]

T = TypeVar("T")


async def offload_anyio(
    fn: Callable[..., T], args: tuple[Any, ...], capacity: Capacity, deadline: float | None, *, write_back: bool
) -> T:
    """Do what `offload` does, on any event loop that AnyIO knows."""
    lane = capacity.anyio.lane(capacity.tokens)
    job = Job(fn, args, copy_context())
    ends = math.inf if deadline is None else lane.now() + deadline
    if lane in HELD.get():  # a nested call: its caller waits for it, and has a token
        await _run(job, lane, ends)
    else:
        await lane.acquire(job, deadline)
        try:
            await _run(job, lane, ends)
        finally:
            lane.release(job)
    finish_unusual(job, deadline, write_back=write_back)
    result: T = job.result
    return result


async def _run(job: Job, lane: AnyioLane, ends: float) -> None:
    job.context.run(HELD.set, HELD.get() | {lane})
    # The token is held already: one of these is for the job, and one for stopping it.
    thread = partial(to_thread.run_sync, limiter=CapacityLimiter(2))
    async with create_task_group() as tasks:
        tasks.start_soon(_stop_when_cancelled, job, lane, ends, thread)
        with CancelScope(shield=True):
            await thread(_execute, job)
        job.done = True
        if job.stopping is not None:
            job.stopping.set()
        else:
            tasks.cancel_scope.cancel()


async def _stop_when_cancelled(job: Job, lane: AnyioLane, ends: float, thread: Callable[..., Any]) -> None:
    try:
        with move_on_after(ends - lane.now()):
            await sleep_forever()
        job.expired = True
        lane.timed_out += 1
    except get_cancelled_exc_class():
        if job.done:
            raise
        lane.cancelled += 1
        await _stop(job, thread)
        raise
    await _stop(job, thread)


async def _stop(job: Job, thread: Callable[..., Any]) -> None:
    job.stopping = threading.Event()
    with CancelScope(shield=True):
        async with create_task_group() as tasks:
            tasks.start_soon(_sever_again_and_again, job)
            await thread(press, job, job.stopping)
            tasks.cancel_scope.cancel()


async def _sever_again_and_again(job: Job) -> None:
    since = current_time()
    while True:
        await sleep(TICK_S)
        sever(job, current_time() - since)


def _execute(job: Job) -> None:
    # AnyIO's threads are not ours: this one is a worker for the time of the job.
    outer = CURRENT.worker
    CURRENT.worker = Worker()
    try:
        CURRENT.worker.execute(job)
    finally:
        CURRENT.worker = outer


def call_anyio(fn: Callable[..., Coroutine[Any, Any, T]], args: tuple[Any, ...]) -> T:
    """Do what `from_thread` does. The coroutine sees the context variables of AnyIO's thread, and is cancelled with its caller."""
    if CURRENT.worker is None:
        raise NotOnWorker("this thread runs no offloaded call")
    return anyio_from_thread.run(fn, *args)
