"""Threads come when they are needed and go when they are not, whatever becomes of the loop."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
import warnings
import weakref

import pytest

from bridge import Capacity, CapacityClosed, Unavailable, offload
from bridge.offload import lane, workers
from tests.conftest import ROOT
from tests.unit.offload.calls import Held, Statement, until, until_true, until_waiting


def own_threads(before: set[threading.Thread]) -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each not in before and each.name.startswith("bridge-worker")]


async def test_threads_start_on_demand_and_are_used_again() -> None:
    before = set(threading.enumerate())
    capacity, held = Capacity(10), [Held() for _ in range(3)]
    assert capacity.statistics().workers == 0
    for _ in range(5):
        await offload(int, capacity=capacity)
    assert capacity.statistics().workers == 1
    calls = [asyncio.create_task(offload(each, capacity=capacity)) for each in held]
    for each in held:
        await until(each.started)
        each.release.set()
    await asyncio.gather(*calls)
    assert capacity.statistics().workers == len(own_threads(before)) == 3
    assert {each.name for each in own_threads(before)} == {f"bridge-worker-{number}" for number in (1, 2, 3)}
    assert all(each.daemon for each in own_threads(before))


async def test_idle_threads_leave_and_busy_ones_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "IDLE_S", 0.01)
    before = set(threading.enumerate())
    capacity, held = Capacity(10), [Held() for _ in range(3)]
    calls = [asyncio.create_task(offload(each, capacity=capacity)) for each in held]
    for each in held:
        await until(each.started)
    for each in held[1:]:
        each.release.set()
    await until_true(lambda: len(own_threads(before)) == 1)
    assert capacity.statistics().workers == 1
    held[0].release.set()
    await asyncio.gather(*calls)
    await until_true(lambda: not own_threads(before))
    assert capacity.statistics().workers == 0
    assert await offload(int, capacity=capacity) == 0, "the next call starts a thread again"


def test_threads_leave_with_their_loop() -> None:
    before, capacity = set(threading.enumerate()), Capacity(4)

    async def run() -> None:
        await asyncio.gather(*(offload(int, capacity=capacity) for _ in range(4)))

    asyncio.run(run())
    for each in own_threads(before):
        each.join(10)
    assert not own_threads(before)
    assert not capacity.lanes


def test_threads_leave_with_a_loop_that_was_merely_closed() -> None:
    before, capacity = set(threading.enumerate()), Capacity(1)
    loop = asyncio.new_event_loop()
    loop.run_until_complete(offload(int, capacity=capacity))
    loop.close()
    asyncio.run(offload(int, capacity=capacity))  # another loop notices
    for each in own_threads(before):
        each.join(10)
    assert not own_threads(before)
    assert not capacity.lanes


def test_a_call_may_outlive_its_loop() -> None:
    before, capacity, held = set(threading.enumerate()), Capacity(1), Held()

    async def run() -> None:
        lane = capacity.lane(asyncio.get_running_loop())
        call = asyncio.create_task(offload(held, capacity=capacity))
        await until(held.started)
        lane.close()
        del call

    loop = asyncio.new_event_loop()
    loop.run_until_complete(run())
    task = next(iter(asyncio.all_tasks(loop)))
    loop.close()
    held.release.set()
    for each in own_threads(before):
        each.join(10)
    assert not own_threads(before)
    task._log_destroy_pending = False  # type: ignore[attr-defined]  # it was left alone on purpose
    task.get_coro().close()


async def test_a_capacity_that_is_dropped_takes_its_threads_along() -> None:
    before, capacity = set(threading.enumerate()), Capacity(1)
    await offload(int, capacity=capacity)
    reference = weakref.ref(capacity)
    del capacity
    gc.collect()
    await until_true(lambda: not own_threads(before))
    gc.collect()
    assert reference() is None


async def test_draining_refuses_newcomers_and_waits_for_the_others() -> None:
    before, capacity, held = set(threading.enumerate()), Capacity(1), Held()
    calls = [asyncio.create_task(offload(held, capacity=capacity))]
    await until(held.started)
    calls.append(asyncio.create_task(offload(str, capacity=capacity)))
    await until_waiting(capacity)
    draining = asyncio.create_task(capacity.drain(deadline=10))
    await asyncio.sleep(0)
    with pytest.raises(CapacityClosed) as raised:
        await offload(int, capacity=capacity)
    assert raised.value.status == 503
    assert not draining.done()
    held.release.set()
    assert await draining == ()
    assert [await each for each in calls] == ["done", ""]
    await until_true(lambda: not own_threads(before))
    capacity.reopen()
    assert await offload(int, capacity=capacity) == 0


async def test_past_its_deadline_a_drain_refuses_those_who_wait_and_stops_those_who_run() -> None:
    capacity, statement = Capacity(1), Statement()
    running = asyncio.create_task(offload(statement, capacity=capacity))
    await until(statement.started)
    waiting = asyncio.create_task(offload(int, capacity=capacity))
    await until_waiting(capacity)
    assert await capacity.drain(deadline=0) == ()
    with pytest.raises(CapacityClosed):
        await waiting
    assert statement.rolled_back.is_set()
    await asyncio.wait([running])
    assert running.exception() is not None


async def test_a_drain_reports_what_is_stuck(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane, "GRACE_S", 0.05)
    capacity, held = Capacity(2), Held()
    call = asyncio.create_task(offload(held, capacity=capacity))
    await until(held.started)
    (stuck,) = await capacity.drain(deadline=0)
    assert stuck.name == "Held"
    assert stuck.thread == "bridge-worker-1"
    assert stuck.running_s > 0
    assert "assert self.release.wait" in stuck.stack
    held.release.set()
    assert await call == "done"
    capacity.reopen()
    assert await asyncio.gather(*(offload(int, capacity=capacity) for _ in range(5))) == [0] * 5


async def test_draining_an_unused_capacity_is_no_work() -> None:
    assert await Capacity(1).drain(deadline=0) == ()
    Capacity(1).reopen()


async def test_without_any_thread_the_call_is_unavailable_and_the_token_free(monkeypatch: pytest.MonkeyPatch) -> None:
    capacity = Capacity(1)

    def no_more(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_more)
        with pytest.raises(Unavailable, match="the system gave no thread"):
            await offload(int, capacity=capacity)
    assert capacity.statistics().running == 0
    assert await offload(int, capacity=capacity) == 0


async def test_with_too_few_threads_calls_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    capacity = Capacity(5)
    await offload(int, capacity=capacity)

    def no_more(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", no_more)
    assert await asyncio.gather(*(offload(int, capacity=capacity) for _ in range(5))) == [0] * 5
    assert capacity.statistics().workers == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
async def test_a_forked_child_starts_afresh() -> None:
    capacity, held = Capacity(1, admission_timeout=5), Held()
    call = asyncio.create_task(offload(held, capacity=capacity))  # the only token is taken when the process forks
    await until(held.started)

    def child() -> int:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of Python 3.12, about threads: they are the point
            pid = os.fork()
        if pid:
            return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        code = 1
        try:
            asyncio._set_running_loop(None)
            code = asyncio.run(offload(int, 0, capacity=capacity))
        finally:
            os._exit(code)

    assert await asyncio.to_thread(child) == 0
    held.release.set()
    assert await call == "done"


@pytest.mark.parametrize("ending", ["await call", "sys.exit()", "raise KeyboardInterrupt", "loop.stop()"])
def test_the_interpreter_exits_while_a_thread_is_busy(ending: str) -> None:
    script = f"""
import asyncio, sys, threading
from bridge import Capacity, offload
started = threading.Event()
def forever():
    started.set()
    threading.Event().wait()
async def main():
    loop = asyncio.get_running_loop()
    call = asyncio.create_task(offload(forever, capacity=Capacity(1)))
    while not started.is_set():
        await asyncio.sleep(0)
    loop.call_later(0.05, sys.exit)
    {ending}
loop = asyncio.new_event_loop()
try:
    loop.run_until_complete(main())
except (KeyboardInterrupt, RuntimeError):
    pass
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, timeout=50, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
