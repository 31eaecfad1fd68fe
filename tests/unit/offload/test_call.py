"""Offload: one synchronous call on a worker thread."""

from __future__ import annotations

import asyncio
import threading
import traceback
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING

import anyio
import pytest

from bridge import Capacity, LegacyIsAsync, offload

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

TENANT: ContextVar[str] = ContextVar("tenant", default="nobody")


class Held:
    """A call that stays on its thread until it is released."""

    def __init__(self) -> None:
        self.started = threading.Event()
        self.release = threading.Event()
        self.finished = threading.Event()

    def __call__(self) -> str:
        self.started.set()
        assert self.release.wait(10)
        self.finished.set()
        return "done"


async def until(event: threading.Event) -> None:
    # On a thread of AnyIO's own, so that no token of the capacity under test is used.
    assert await anyio.to_thread.run_sync(event.wait, 10)


async def until_waiting(capacity: Capacity) -> None:
    with anyio.fail_after(10):
        while capacity.statistics().waiting == 0:  # noqa: ASYNC110  a limiter has no event for it
            await asyncio.sleep(0)


async def test_it_runs_on_another_thread_and_returns_the_result() -> None:
    thread, total = await offload(lambda *terms: (threading.get_ident(), sum(terms)), 1, 2, capacity=Capacity(1))
    assert thread != threading.get_ident()
    assert total == 3


async def test_context_variables_go_in_and_do_not_come_out() -> None:
    def read_and_change() -> str:
        seen = TENANT.get()
        TENANT.set("changed on the worker")
        return seen

    TENANT.set("acme")
    assert await offload(read_and_change, capacity=Capacity(1)) == "acme"
    assert TENANT.get() == "acme"


async def test_context_variables_of_one_call_are_not_seen_by_the_next_on_its_thread() -> None:
    capacity = Capacity(1)

    def leave(value: str) -> int:
        TENANT.set(value)
        return threading.get_ident()

    first = await offload(leave, "left behind", capacity=capacity)
    second, seen = await offload(lambda: (threading.get_ident(), TENANT.get()), capacity=capacity)
    assert first == second, "the calls were meant to share a thread"
    assert seen == "nobody"


async def test_an_exception_arrives_as_it_was_with_the_traceback_of_the_worker() -> None:
    error = LookupError("on the worker")

    def innermost() -> None:
        raise error

    with pytest.raises(LookupError) as raised:
        await offload(innermost, capacity=Capacity(1))
    assert raised.value is error
    assert "innermost" in [frame.name for frame in traceback.extract_tb(raised.value.__traceback__)]


async def test_an_exception_gives_the_token_back() -> None:
    capacity = Capacity(1)

    def fail() -> None:
        raise LookupError

    for _ in range(3):
        with pytest.raises(LookupError):
            await offload(fail, capacity=capacity)
    assert capacity.statistics().running == 0


async def coroutine_function() -> None: ...


async def generator_function() -> AsyncIterator[int]:
    yield 1


@pytest.mark.parametrize("fn", [coroutine_function, generator_function, partial(coroutine_function)])
async def test_an_asynchronous_function_is_refused(fn: Callable[[], object]) -> None:
    with pytest.raises(LegacyIsAsync, match="is asynchronous: await it on the event loop"):
        await offload(fn, capacity=Capacity(1))


async def test_no_more_calls_run_than_there_are_tokens() -> None:
    capacity, lock = Capacity(2), threading.Lock()
    running, most = 0, 0
    pair = threading.Barrier(2)

    def count() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        pair.wait(10)
        with lock:
            running -= 1

    async with anyio.create_task_group() as calls:
        for _ in range(8):
            calls.start_soon(partial(offload, count, capacity=capacity))
    assert most == 2


async def test_a_call_cancelled_before_it_has_a_token_never_runs() -> None:
    capacity, held, ran = Capacity(1), Held(), threading.Event()
    holder = asyncio.create_task(offload(held, capacity=capacity))
    await until(held.started)
    queued = asyncio.create_task(offload(ran.set, capacity=capacity))
    await until_waiting(capacity)
    queued.cancel()
    with pytest.raises(asyncio.CancelledError):
        await queued
    held.release.set()
    assert await holder == "done"
    assert await offload(lambda: "next", capacity=capacity) == "next"
    assert not ran.is_set()
    assert capacity.statistics().running == capacity.statistics().waiting == 0


async def test_an_expired_scope_drops_a_call_that_waits_for_a_token() -> None:
    capacity, held, ran = Capacity(1), Held(), threading.Event()
    holder = asyncio.create_task(offload(held, capacity=capacity))
    await until(held.started)
    with anyio.move_on_after(0) as scope:
        await offload(ran.set, capacity=capacity)
    assert scope.cancelled_caught
    held.release.set()
    await holder
    assert not ran.is_set()


@pytest.mark.parametrize("mechanism", ["task", "scope"])
async def test_a_cancelled_call_holds_its_token_until_its_thread_is_done(mechanism: str) -> None:
    capacity, held, ran = Capacity(1), Held(), threading.Event()
    scope = anyio.CancelScope()

    async def call() -> None:
        with scope:
            await offload(held, capacity=capacity)

    running = asyncio.create_task(call())
    await until(held.started)
    cancel = running.cancel if mechanism == "task" else scope.cancel
    cancel()
    following = asyncio.create_task(offload(ran.set, capacity=capacity))
    await until_waiting(capacity)
    assert capacity.statistics().running == 1
    assert not ran.is_set()
    assert not running.done()
    held.release.set()
    await asyncio.wait([running])
    assert held.finished.is_set()
    await following
    assert ran.is_set()
    assert capacity.statistics().running == 0
