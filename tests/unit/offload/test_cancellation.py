"""A caller that goes away: what waits never runs, what runs is stopped, and the caller gets its cancellation."""

from __future__ import annotations

import asyncio
import threading
from contextvars import copy_context
from functools import partial

import pytest

from bridge import (
    AdmissionTimeout,
    Capacity,
    DeadlineExceeded,
    NotOnWorker,
    WorkStopped,
    offload,
    raise_if_stopped,
    stoppable,
)
from bridge.offload import arm, disarm
from bridge.offload.job import Job
from bridge.offload.worker import Worker
from tests.unit.offload.calls import Held, Interrupted, Statement, cancelled_by, until, until_true, until_waiting

MECHANISMS = pytest.mark.parametrize("mechanism", ["task", "timeout", "scope"])


@MECHANISMS
async def test_before_its_token_a_call_never_runs(mechanism: str) -> None:
    capacity, held, ran = Capacity(1), Held(), threading.Event()
    holder = asyncio.create_task(offload(held, capacity=capacity))
    await until(held.started)
    task = await cancelled_by(mechanism, offload(ran.set, capacity=capacity), partial(until_waiting, capacity))
    assert await task == "cancelled"
    assert capacity.statistics().waiting == 0
    assert not held.finished.is_set(), "the cancellation waited for somebody else"
    held.release.set()
    await holder
    await offload(int, capacity=capacity)
    assert not ran.is_set()
    assert capacity.statistics().cancelled == 1


@MECHANISMS
async def test_running_work_is_stopped_from_another_thread(mechanism: str) -> None:
    capacity, statement = Capacity(1), Statement()
    task = await cancelled_by(mechanism, offload(statement, capacity=capacity), partial(until, statement.started))
    assert await task == "cancelled"
    assert statement.rolled_back.is_set()
    assert statement.stopped_on not in {"", threading.current_thread().name}
    assert (capacity.statistics().running, capacity.statistics().cancelled) == (0, 1)
    assert await offload(int, capacity=capacity) == 0


@MECHANISMS
async def test_work_without_a_stopper_is_waited_for(mechanism: str) -> None:
    capacity, held, ran = Capacity(1), Held(), threading.Event()
    task = await cancelled_by(mechanism, offload(held, capacity=capacity), partial(until, held.started))
    following = asyncio.create_task(offload(ran.set, capacity=capacity))
    await until_waiting(capacity)
    assert capacity.statistics().running == 1
    assert not task.done()
    assert not ran.is_set()
    held.release.set()
    assert await task == "cancelled"
    assert held.finished.is_set()
    await following


async def test_every_further_cancellation_is_held_back_as_well() -> None:
    capacity, held = Capacity(1), Held()
    task = asyncio.create_task(offload(held, capacity=capacity))
    await until(held.started)
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0)
    assert not task.done()
    held.release.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelling() == 3


async def test_a_call_cancelled_between_its_token_and_its_thread_never_runs() -> None:
    capacity, ran = Capacity(1), threading.Event()
    lane = capacity.lane(asyncio.get_running_loop())
    lane._workers._start = lambda: False  # type: ignore[method-assign]  # replaced for the test
    task = asyncio.create_task(offload(ran.set, capacity=capacity))
    await until_true(lambda: capacity.statistics().running == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    del lane._workers._start
    assert await offload(lambda: "the next", capacity=capacity) == "the next"
    assert not ran.is_set()
    assert capacity.statistics().running == 0


def test_a_call_stopped_between_being_taken_and_its_start_never_runs() -> None:
    ran = threading.Event()
    job = Job(ran.set, (), copy_context())
    job.stopping = threading.Event()
    Worker().execute(job)
    assert isinstance(job.error, WorkStopped)
    assert not ran.is_set()


async def test_an_exception_of_cancelled_work_does_not_replace_the_cancellation() -> None:
    capacity, statement = Capacity(1), Statement()
    task = asyncio.create_task(offload(statement, capacity=capacity))
    await until(statement.started)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_stopped_work_cannot_go_on_as_if_nothing_had_happened() -> None:
    """Legacy code catches the driver's error, and tries again."""
    capacity, statement = Capacity(1), Statement()
    seen = list[type[BaseException]]()

    def retry() -> None:
        try:
            statement()
        except Interrupted as error:
            seen.append(type(error))
        for action in (raise_if_stopped, lambda: arm("next", statement.stop)):
            try:
                action()
            except WorkStopped as error:
                seen.append(type(error))

    task = asyncio.create_task(offload(retry, capacity=capacity))
    await until(statement.started)
    task.cancel()
    await asyncio.wait([task])
    assert seen == [Interrupted, WorkStopped, WorkStopped]


async def test_a_stop_is_repeated_until_the_block_is_left() -> None:
    """A driver's cancel that comes between two statements does nothing."""
    capacity, started, third = Capacity(1), threading.Event(), threading.Event()
    stops = list[int]()

    def stop() -> None:
        stops.append(1)
        if len(stops) == 3:
            third.set()

    def work() -> None:
        with stoppable(stop):
            started.set()
            assert third.wait(10)

    task = asyncio.create_task(offload(work, capacity=capacity))
    await until(started)
    task.cancel()
    await asyncio.wait([task])
    count = len(stops)
    assert count >= 3
    await offload(int, capacity=capacity)
    assert len(stops) == count


async def test_a_stop_that_is_not_to_be_repeated_is_not() -> None:
    capacity, started, repeated = Capacity(1), threading.Event(), threading.Event()
    once, again = list[int](), list[int]()

    def stop() -> None:
        again.append(1)
        if len(again) == 3:
            repeated.set()

    def work() -> None:
        with stoppable(lambda: once.append(1), repeat=False), stoppable(stop):
            started.set()
            assert repeated.wait(10)

    task = asyncio.create_task(offload(work, capacity=capacity))
    await until(started)
    task.cancel()
    await asyncio.wait([task])
    assert once == [1]


async def test_leaving_the_block_waits_for_a_stop_under_way_and_no_stop_comes_later() -> None:
    """The connection's next tenant is never hit."""
    capacity = Capacity(1)
    started, stopping, release, left = (threading.Event() for _ in range(4))
    during = list[bool]()

    def stop() -> None:
        stopping.set()
        assert release.wait(10)
        during.append(left.is_set())

    def work() -> None:
        with pytest.raises(WorkStopped):
            block()
        left.set()

    def block() -> None:
        with stoppable(stop):
            started.set()
            assert stopping.wait(10)
            release_soon.start()

    release_soon = threading.Timer(0.05, release.set)
    task = asyncio.create_task(offload(work, capacity=capacity))
    await until(started)
    task.cancel()
    await asyncio.wait([task])
    assert during == [False]
    assert len(during) == 1


async def test_what_a_call_left_armed_cannot_hit_the_next_on_its_thread() -> None:
    capacity, stops, held = Capacity(1), list[str](), Held()
    await offload(arm, "forgotten", lambda: stops.append("forgotten"), capacity=capacity)
    task = asyncio.create_task(offload(held, capacity=capacity))
    await until(held.started)
    task.cancel()
    await asyncio.sleep(0)
    held.release.set()
    await asyncio.wait([task])
    assert not stops


async def test_a_stopper_that_fails_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    capacity, started, stopped, attempts = Capacity(1), threading.Event(), threading.Event(), list[int]()

    def stop() -> None:
        attempts.append(1)
        if len(attempts) == 1:
            raise OSError("no route to host")
        stopped.set()

    def work() -> None:
        with stoppable(stop):
            started.set()
            assert stopped.wait(10)

    task = asyncio.create_task(offload(work, capacity=capacity))
    await until(started)
    task.cancel()
    await asyncio.wait([task])
    assert len(attempts) >= 2
    assert "stopping" in caplog.text
    assert "no route to host" in caplog.text


def test_outside_of_a_call_there_is_nothing_to_stop() -> None:
    with pytest.raises(NotOnWorker, match="stoppable is for code that runs inside offload"), stoppable(print):
        pass
    raise_if_stopped()
    arm("key", print)
    disarm("key")


async def test_a_deadline_that_passes_before_the_token_ends_the_wait() -> None:
    capacity, held, ran = Capacity(1), Held(), threading.Event()
    holder = asyncio.create_task(offload(held, capacity=capacity))
    await until(held.started)
    with pytest.raises(AdmissionTimeout, match=r"waited 0.01 s"):
        await offload(ran.set, capacity=capacity, deadline=0.01)
    held.release.set()
    await holder
    await offload(int, capacity=capacity)
    assert not ran.is_set()


async def test_a_deadline_that_passes_while_the_call_runs_stops_it() -> None:
    capacity, statement = Capacity(1), Statement()
    await offload(int, capacity=capacity)  # starts the thread
    with pytest.raises(DeadlineExceeded, match=r"ran past its deadline of 0.2 s and was stopped") as raised:
        await offload(statement, capacity=capacity, deadline=0.2)
    assert (raised.value.status, raised.value.completed) == (504, False)
    # If the machine was slow, the deadline passed before the thread began, and the work never did.
    assert isinstance(raised.value.__cause__, (Interrupted, WorkStopped))
    assert statement.rolled_back.is_set() == statement.started.is_set()
    assert (capacity.statistics().running, capacity.statistics().timed_out) == (0, 1)


async def test_a_deadline_waits_for_work_that_cannot_be_stopped_and_says_that_it_completed() -> None:
    capacity, held = Capacity(1), Held()
    await offload(int, capacity=capacity)  # starts the thread
    call = asyncio.create_task(offload(held, capacity=capacity, deadline=0.2))
    await until(held.started)
    await until_true(lambda: capacity.statistics().timed_out)
    assert not call.done()
    assert capacity.statistics().running == 1
    held.release.set()
    with pytest.raises(DeadlineExceeded, match="had finished by then all the same") as raised:
        await call
    assert raised.value.completed


async def test_one_deadline_covers_the_wait_and_the_run() -> None:
    capacity, held, statement = Capacity(1), Held(), Statement()
    holder = asyncio.create_task(offload(held, capacity=capacity))
    await until(held.started)
    call = asyncio.create_task(offload(statement, capacity=capacity, deadline=0.3))
    await until_waiting(capacity)
    held.release.set()
    await holder
    with pytest.raises(DeadlineExceeded):
        await call


async def test_a_deadline_that_is_met_leaves_nothing_behind() -> None:
    loop = asyncio.get_running_loop()
    capacity = Capacity(1)
    await offload(int, capacity=capacity)
    scheduled = [handle for handle in loop._scheduled if not handle.cancelled()]  # type: ignore[attr-defined]  # timers have no public name
    assert await offload(int, capacity=capacity, deadline=60) == 0
    assert [handle for handle in loop._scheduled if not handle.cancelled()] == scheduled  # type: ignore[attr-defined]  # timers have no public name


async def test_a_cancellation_after_the_deadline_is_still_a_cancellation() -> None:
    capacity, held = Capacity(1), Held()
    await offload(int, capacity=capacity)  # starts the thread
    call = asyncio.create_task(offload(held, capacity=capacity, deadline=0.2))
    await until(held.started)
    await until_true(lambda: capacity.statistics().timed_out)
    call.cancel()
    held.release.set()
    with pytest.raises(asyncio.CancelledError):
        await call
