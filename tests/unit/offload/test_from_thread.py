"""Calls back into the loop, and calls that those make again."""

from __future__ import annotations

import asyncio
import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING

import anyio
import pytest

from bridge import CallCycle, Capacity, NotOnWorker, from_thread, offload
from tests.unit.offload.calls import Held, Statement, until, until_true, until_waiting

if TYPE_CHECKING:
    from collections.abc import Coroutine

TENANT: ContextVar[str] = ContextVar("tenant", default="nobody")


async def thread_of_the_loop(value: int) -> tuple[int, int]:
    await asyncio.sleep(0)
    return threading.get_ident(), value + 1


async def test_a_worker_runs_a_coroutine_on_the_loop_and_gets_its_result() -> None:
    assert await offload(from_thread, thread_of_the_loop, 1, capacity=Capacity(1)) == (threading.get_ident(), 2)


async def test_a_worker_gets_the_exception_of_the_coroutine() -> None:
    error = LookupError("on the loop")

    async def fail() -> None:
        raise error

    def work() -> BaseException:
        with pytest.raises(LookupError) as raised:
            from_thread(fail)
        return raised.value

    assert await offload(work, capacity=Capacity(1)) is error


async def test_context_variables_reach_the_coroutine() -> None:
    async def read() -> str:
        return TENANT.get()

    def work() -> str:
        TENANT.set("set on the worker")
        return from_thread(read)

    assert await offload(work, capacity=Capacity(1)) == "set on the worker"


def test_outside_of_a_call_there_is_no_loop_to_call() -> None:
    with pytest.raises(NotOnWorker, match="from_thread was asked to run thread_of_the_loop, but this thread runs no"):
        from_thread(thread_of_the_loop, 1)


async def test_the_loop_itself_is_no_worker() -> None:
    with pytest.raises(NotOnWorker):
        from_thread(thread_of_the_loop, 1)


@pytest.mark.parametrize("depth", [1, 2, 5])
async def test_nested_calls_need_no_further_token_or_thread(depth: int) -> None:
    capacity, threads = Capacity(1, admission_timeout=5), set[int]()

    def down(levels: int) -> int:
        threads.add(threading.get_ident())
        return 0 if levels == 0 else 1 + from_thread(again, levels - 1)

    async def again(levels: int) -> int:
        return await offload(down, levels, capacity=capacity)

    assert await offload(down, depth, capacity=capacity) == depth
    assert len(threads) == 1
    assert (capacity.statistics().workers, capacity.statistics().running) == (1, 0)


async def test_nested_calls_that_are_made_at_once_take_turns() -> None:
    capacity, order = Capacity(1, admission_timeout=5), list[int]()

    async def many() -> None:
        async with anyio.create_task_group() as calls:
            for number in range(10):
                calls.start_soon(one, number)

    async def one(number: int) -> None:
        await offload(order.append, number, capacity=capacity)

    await offload(from_thread, many, capacity=capacity)
    assert order == list(range(10))


async def test_a_nested_call_does_not_wait_behind_those_who_wait_for_the_token() -> None:
    capacity, held, order = Capacity(1, admission_timeout=5), Held(), list[str]()

    async def nested() -> None:
        await offload(order.append, "nested", capacity=capacity)

    def outer() -> None:
        held()
        from_thread(nested)

    calls = [asyncio.create_task(offload(outer, capacity=capacity))]
    await until(held.started)
    calls.append(asyncio.create_task(offload(order.append, "waiting", capacity=capacity)))
    await until_waiting(capacity)
    held.release.set()
    await asyncio.gather(*calls)
    assert order == ["nested", "waiting"]


async def test_a_call_through_another_capacity_still_finds_the_token_of_its_chain() -> None:
    one, other = Capacity(1, admission_timeout=5), Capacity(1, admission_timeout=5)

    async def innermost() -> int:
        return await offload(threading.get_ident, capacity=one)

    async def inner() -> int:
        return await offload(from_thread, innermost, capacity=other)

    def outer() -> tuple[int, int]:
        return threading.get_ident(), from_thread(inner)

    thread, innermost_thread = await offload(outer, capacity=one)
    assert thread == innermost_thread


async def test_a_cycle_of_two_capacities_is_an_error() -> None:
    """Each call holds the only token that the other waits for."""
    one, other = (Capacity(1, admission_timeout=None) for _ in range(2))
    meet = threading.Barrier(2, timeout=10)

    def outer(wanted: Capacity) -> str:
        meet.wait()

        async def nested() -> int:
            return await offload(int, capacity=wanted)

        try:
            from_thread(nested)
        except CallCycle as error:
            return str(error)
        return "went on"

    with anyio.fail_after(10):
        outcomes = await asyncio.gather(offload(outer, other, capacity=one), offload(outer, one, capacity=other))
    assert max(outcomes) == "went on"
    assert "waits for a token whose holders all wait" in min(outcomes)
    assert one.statistics().running == other.statistics().running == one.statistics().waiting == 0


async def test_a_wait_that_can_end_is_no_cycle() -> None:
    """The other capacity has a second token, whose holder is merely slow."""
    one, other, held = Capacity(1), Capacity(2), Held()
    meet = threading.Barrier(2, timeout=10)

    def outer(wanted: Capacity) -> int:
        meet.wait()

        async def nested() -> int:
            return await offload(int, capacity=wanted)

        return from_thread(nested)

    slow = asyncio.create_task(offload(held, capacity=other))
    await until(held.started)
    calls = [
        asyncio.create_task(offload(outer, capacity, capacity=own)) for own, capacity in ((one, other), (other, one))
    ]
    await until_true(lambda: one.statistics().waiting and other.statistics().waiting)
    held.release.set()
    assert await asyncio.gather(*calls) == [0, 0]
    await slow


async def test_cancelling_the_outer_call_cancels_the_coroutine_once_and_stops_the_nested_call() -> None:
    capacity, statement, cancellations = Capacity(1), Statement(), list[str]()

    async def nested() -> None:
        try:
            await offload(statement, capacity=capacity)
        except asyncio.CancelledError:
            cancellations.append("nested")
            raise

    task = asyncio.create_task(offload(from_thread, nested, capacity=capacity))
    await until(statement.started)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert statement.rolled_back.is_set()
    assert cancellations == ["nested"]
    assert capacity.statistics().running == 0
    assert await offload(int, capacity=capacity) == 0


async def test_a_nested_call_can_be_cancelled_by_itself() -> None:
    capacity, statement = Capacity(1), Statement()

    async def nested() -> str:
        call = asyncio.create_task(offload(statement, capacity=capacity))
        await until(statement.started)
        waiting = asyncio.create_task(offload(int, capacity=capacity))
        await asyncio.sleep(0)
        waiting.cancel()
        call.cancel()
        await asyncio.wait([call, waiting])
        return f"{call.cancelled()} {waiting.cancelled()} {await offload(str, 7, capacity=capacity)}"

    assert await offload(from_thread, nested, capacity=capacity) == "True True 7"


async def test_what_a_coroutine_leaves_behind_finds_another_thread() -> None:
    capacity, held, tasks = Capacity(1), Held(), list[asyncio.Task[object]]()

    async def nested() -> None:
        tasks.append(asyncio.create_task(offload(held, capacity=capacity)))
        await until(held.started)
        tasks.append(asyncio.create_task(offload(int, capacity=capacity)))
        await asyncio.sleep(0)

    outer = asyncio.create_task(offload(from_thread, nested, capacity=capacity))
    await until(held.started)
    held.release.set()
    await outer
    assert await asyncio.gather(*tasks) == ["done", 0]
    assert capacity.statistics().running == capacity.statistics().waiting == 0


async def test_a_task_that_outlives_the_call_is_not_nested_any_more() -> None:
    capacity, go, tasks = Capacity(1), asyncio.Event(), list[asyncio.Task[int]]()

    async def later() -> int:
        await go.wait()
        return await offload(int, capacity=capacity)

    async def nested() -> None:
        tasks.append(asyncio.create_task(later()))

    await offload(from_thread, nested, capacity=capacity)
    go.set()
    assert await tasks[0] == 0


async def test_something_that_is_no_coroutine_function_is_the_error_of_the_worker() -> None:
    def plain() -> Coroutine[object, object, None]:
        raise LookupError("before the first await")

    with pytest.raises(LookupError, match="before the first await"):
        await offload(from_thread, plain, capacity=Capacity(1))
