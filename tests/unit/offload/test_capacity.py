"""Capacity: tokens, the line for them, and what they count."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import FrozenInstanceError
from functools import partial

import pytest

from bridge import AdmissionTimeout, Capacity, CapacityStatistics, Histogram, InvalidPoolSize, TooManyWaiting, offload
from tests.unit.offload.calls import PATIENCE_S, Held, until, until_true, until_waiting


@pytest.mark.parametrize("tokens", [0, -1])
def test_a_capacity_below_one_is_refused(tokens: int) -> None:
    with pytest.raises(InvalidPoolSize, match=rf"capacity is {tokens}, but at least 1"):
        Capacity(tokens)
    with pytest.raises(InvalidPoolSize, match=rf"capacity is {tokens}, but at least 1"):
        Capacity(1).resize(tokens)


def test_a_negative_limit_is_refused() -> None:
    with pytest.raises(InvalidPoolSize, match="neither can be negative"):
        Capacity(1, max_waiting=-1)
    with pytest.raises(InvalidPoolSize, match="neither can be negative"):
        Capacity(1, admission_timeout=-1.0)


async def test_statistics_count_running_and_waiting_calls() -> None:
    capacity, held = Capacity(1), Held()
    assert capacity.statistics() == CapacityStatistics(tokens=1)
    holder = asyncio.create_task(offload(held, capacity=capacity))
    await until(held.started)
    waiting = asyncio.create_task(offload(int, capacity=capacity))
    await until_waiting(capacity)
    now = capacity.statistics()
    assert (now.tokens, now.running, now.waiting, now.workers, now.admitted) == (1, 1, 1, 1, 1)
    held.release.set()
    await asyncio.gather(holder, waiting)
    after = capacity.statistics()
    assert (after.running, after.waiting, after.workers, after.admitted) == (0, 0, 1, 2)
    assert (after.refused, after.timed_out, after.cancelled) == (0, 0, 0)
    assert (now.running, now.admitted) == (1, 1), "a snapshot must not change"
    with pytest.raises(FrozenInstanceError):
        now.running = 0  # type: ignore[misc]  # frozen: that is what is tested


async def test_histograms_hold_each_call_once_and_tell_who_waited() -> None:
    capacity, held = Capacity(1), Held()
    calls = [asyncio.create_task(offload(held, capacity=capacity))]
    await until(held.started)
    waiters = [asyncio.create_task(offload(int, capacity=capacity)) for _ in range(3)]
    await until_waiting(capacity, 3)
    held.release.set()
    await asyncio.gather(*calls, *waiters)
    statistics = capacity.statistics()
    assert statistics.wait.count == statistics.run.count == statistics.admitted == 4
    assert statistics.wait.counts[0] == 1, "one call found a free token"
    assert statistics.wait.quantile(0.25) == 0.0 < statistics.wait.quantile(1.0)


def test_quantiles_of_a_histogram() -> None:
    counts = [0] * 40
    counts[10], counts[20] = 99, 1
    histogram = Histogram(tuple(counts))
    assert histogram.quantile(0.5) == histogram.quantile(0.99) == 2**10 / 1e9
    assert histogram.quantile(1.0) == 2**20 / 1e9
    assert Histogram().quantile(0.5) == 0.0


async def test_tokens_go_to_callers_in_the_order_in_which_they_came() -> None:
    capacity, held, order = Capacity(1), Held(), list[int]()
    calls = [asyncio.create_task(offload(held, capacity=capacity))]
    await until(held.started)
    calls += [asyncio.create_task(offload(order.append, number, capacity=capacity)) for number in range(50)]  # type: ignore[arg-type]  # append returns None
    await until_waiting(capacity, 50)
    for number in (7, 23):
        calls[number + 1].cancel()
    await asyncio.wait([calls[8], calls[24]])
    held.release.set()
    await asyncio.gather(*calls, return_exceptions=True)
    assert order == [number for number in range(50) if number not in {7, 23}]


async def test_a_newcomer_does_not_overtake_those_who_wait() -> None:
    """Not even in the moment between a token's return and the waking of the next caller."""
    capacity, held, order = Capacity(1), Held(), list[str]()
    holder = asyncio.create_task(offload(held, capacity=capacity))
    await until(held.started)
    waiting = asyncio.create_task(offload(order.append, "waiting", capacity=capacity))
    await until_waiting(capacity)
    held.release.set()
    await holder
    await offload(order.append, "newcomer", capacity=capacity)
    await waiting
    assert order == ["waiting", "newcomer"]


async def test_a_full_line_refuses_at_once() -> None:
    capacity, held, ran = Capacity(1, max_waiting=2), Held(), threading.Event()
    calls = [asyncio.create_task(offload(held, capacity=capacity))]
    await until(held.started)
    calls += [asyncio.create_task(offload(held, capacity=capacity)) for _ in range(2)]
    await until_waiting(capacity, 2)
    with pytest.raises(
        TooManyWaiting, match="2 calls wait for one of 1 tokens already, and no more than 2 may"
    ) as raised:
        await offload(ran.set, capacity=capacity)
    assert raised.value.status == 503
    assert raised.value.retry_after >= 1
    assert capacity.statistics().refused == 1
    calls[2].cancel()
    await asyncio.wait([calls[2]])
    follower = asyncio.create_task(offload(int, capacity=capacity))  # a place is free again
    held.release.set()
    assert await follower == 0
    await asyncio.wait(calls)
    assert not ran.is_set()


async def test_a_line_of_no_length_refuses_whoever_finds_no_token() -> None:
    capacity, held = Capacity(1, max_waiting=0), Held()
    holder = asyncio.create_task(offload(held, capacity=capacity))
    await until(held.started)
    with pytest.raises(TooManyWaiting):
        await offload(int, capacity=capacity)
    held.release.set()
    await holder
    assert await offload(int, capacity=capacity) == 0


async def test_waiting_for_a_token_ends_after_the_admission_timeout() -> None:
    capacity, held, ran = Capacity(1, admission_timeout=0.01), Held(), threading.Event()
    holder = asyncio.create_task(offload(held, capacity=capacity))
    await until(held.started)
    late = [asyncio.create_task(offload(ran.set, capacity=capacity)) for _ in range(3)]
    for each in late:
        with pytest.raises(AdmissionTimeout, match=r"waited 0.01 s for one of 1 tokens") as raised:
            await each
        assert raised.value.status == 503
    held.release.set()
    await holder
    assert await offload(int, capacity=capacity) == 0
    assert not ran.is_set()
    statistics = capacity.statistics()
    assert (statistics.timed_out, statistics.waiting, statistics.running) == (3, 0, 0)


async def test_the_admission_timeout_spares_a_call_that_has_its_token() -> None:
    capacity, held = Capacity(1, admission_timeout=0.0), Held()
    holder = asyncio.create_task(offload(held, capacity=capacity))
    await until(held.started)
    with pytest.raises(AdmissionTimeout):
        await offload(int, capacity=capacity)
    held.release.set()
    assert await holder == "done"


async def test_more_tokens_admit_those_who_wait() -> None:
    capacity, held = Capacity(1), [Held(), Held(), Held()]
    calls = [asyncio.create_task(offload(each, capacity=capacity)) for each in held]
    await until_waiting(capacity, 2)
    capacity.resize(3)
    for each in held:
        await until(each.started)
    assert (capacity.tokens, capacity.statistics().tokens, capacity.statistics().running) == (3, 3, 3)
    for each in held:
        each.release.set()
    await asyncio.gather(*calls)


async def test_fewer_tokens_let_running_calls_end_and_hold_back_the_next() -> None:
    capacity, held = Capacity(2), [Held(), Held(), Held()]
    calls = [asyncio.create_task(offload(each, capacity=capacity)) for each in held]
    await until_waiting(capacity)
    capacity.resize(1)
    held[0].release.set()
    await calls[0]
    assert not held[2].started.is_set()
    assert capacity.statistics().running == 1
    held[1].release.set()
    await until(held[2].started)
    held[2].release.set()
    await asyncio.gather(*calls)


async def test_another_thread_may_resize() -> None:
    capacity, held = Capacity(1), [Held(), Held()]
    calls = [asyncio.create_task(offload(each, capacity=capacity)) for each in held]
    await until_waiting(capacity)
    await asyncio.to_thread(capacity.resize, 2)
    await until(held[1].started)
    for each in held:
        each.release.set()
    await asyncio.gather(*calls)


async def test_two_capacities_do_not_share_tokens() -> None:
    one, other, held = Capacity(1), Capacity(1), Held()
    holder = asyncio.create_task(offload(held, capacity=one))
    await until(held.started)
    assert await offload(int, capacity=other) == 0
    assert one.statistics().admitted == other.statistics().admitted == 1
    held.release.set()
    await holder


async def test_no_more_calls_are_told_to_run_than_there_are_tokens() -> None:
    """Not even while a thread has gone on to the next call, and the loop does not know it yet."""
    capacity, first, second = Capacity(1), Held(), Held()
    calls = [asyncio.create_task(offload(held, capacity=capacity)) for held in (first, second)]
    await until_waiting(capacity)
    first.release.set()
    end = time.monotonic() + PATIENCE_S
    while not second.started.is_set():  # without giving the loop its turn
        assert time.monotonic() < end
    statistics = capacity.statistics()
    second.release.set()
    await asyncio.gather(*calls)
    assert (statistics.running, statistics.waiting) == (1, 0)


def test_one_capacity_holds_for_each_event_loop_by_itself() -> None:
    """Two loops on two threads, both at the limit at the same time."""
    capacity, meet, counted = Capacity(1), threading.Barrier(3, timeout=10), threading.Semaphore(0)
    most = list[int]()

    async def run() -> None:
        waiting = [asyncio.create_task(offload(partial(meet.wait, 10), capacity=capacity))]
        await until_true(lambda: capacity.statistics().running)
        waiting.append(asyncio.create_task(offload(int, capacity=capacity)))
        await until_waiting(capacity)
        most.append(capacity.statistics().running)
        counted.release()
        await asyncio.gather(*waiting)

    loops = [threading.Thread(target=lambda: asyncio.run(run())) for _ in range(2)]
    for each in loops:
        each.start()
    assert all(counted.acquire(timeout=10) for _ in loops)
    meet.wait(10)
    for each in loops:
        each.join(10)
        assert not each.is_alive()
    assert most == [1, 1]


def test_outside_of_a_loop_statistics_are_those_of_all_loops() -> None:
    capacity, inside, leave = Capacity(2), threading.Barrier(3, timeout=10), threading.Event()

    async def run() -> None:
        await offload(int, capacity=capacity)
        await asyncio.to_thread(inside.wait)
        await asyncio.to_thread(leave.wait, 10)

    loops = [threading.Thread(target=lambda: asyncio.run(run())) for _ in range(2)]
    for each in loops:
        each.start()
    inside.wait()
    statistics = capacity.statistics()
    leave.set()
    for each in loops:
        each.join(10)
    assert (statistics.admitted, statistics.run.count, statistics.workers, statistics.tokens) == (2, 2, 2, 2)
