"""Offload: one synchronous call on a worker thread."""

from __future__ import annotations

import asyncio
import gc
import threading
import traceback
import weakref
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING

import anyio
import pytest

from bridge import (
    Capacity,
    LegacyIsAsync,
    ResultIsLazy,
    StopIterationEscaped,
    WorkerExit,
    offload,
)
from tests.unit.offload.calls import PATIENCE_S, Held, until, until_true, until_waiting

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

TENANT: ContextVar[str] = ContextVar("tenant", default="nobody")


@pytest.fixture
def no_garbage_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


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


async def asynchronous_generator_function() -> AsyncIterator[int]:
    yield 1


def generator_function() -> Iterator[int]:
    yield 1


class Asynchronous:
    async def __call__(self) -> None: ...

    async def method(self) -> None: ...


@pytest.mark.parametrize(
    "fn",
    [
        coroutine_function,
        asynchronous_generator_function,
        partial(coroutine_function),
        partial(partial(coroutine_function)),
        Asynchronous(),
        Asynchronous().method,
    ],
)
async def test_an_asynchronous_function_is_refused_by_name(fn: Callable[[], object]) -> None:
    with pytest.raises(
        LegacyIsAsync, match=r"(coroutine|generator)_function|Asynchronous.* is asynchronous: await it on"
    ):
        await offload(fn, capacity=Capacity(1))


@pytest.mark.parametrize("fn", [generator_function, partial(generator_function)])
async def test_a_generator_function_is_refused_by_name(fn: Callable[[], object]) -> None:
    with pytest.raises(ResultIsLazy, match="generator_function is a generator"):
        await offload(fn, capacity=Capacity(1))


async def test_a_result_that_has_yet_to_run_is_refused_by_name() -> None:
    capacity = Capacity(1)

    def hidden(kind: Callable[[], object]) -> object:
        return kind()

    with pytest.raises(ResultIsLazy, match="hidden returned a generator"):
        await offload(hidden, generator_function, capacity=capacity)
    for kind in (coroutine_function, asynchronous_generator_function):
        with pytest.raises(LegacyIsAsync, match="hidden returned something to await"):
            await offload(hidden, kind, capacity=capacity)
    assert capacity.statistics().running == 0


def test_a_function_written_in_c_a_class_and_an_instance_are_fine() -> None:
    class Instance:
        def __call__(self) -> int:
            return 3

    async def run() -> list[object]:
        capacity = Capacity(1)
        return [
            await offload(len, "ab", capacity=capacity),
            await offload(list, "ab", capacity=capacity),
            await offload(Instance(), capacity=capacity),
        ]

    assert asyncio.run(run()) == [2, ["a", "b"], 3]


async def test_stop_iteration_becomes_an_error_that_a_coroutine_can_raise() -> None:
    with pytest.raises(StopIterationEscaped, match=r"raised StopIteration.*\[stop-iteration-escaped\]") as raised:
        await offload(next, iter(()), capacity=Capacity(1))
    assert isinstance(raised.value, RuntimeError)
    assert isinstance(raised.value.__cause__, StopIteration)


@pytest.mark.parametrize("exit_", [SystemExit(3), KeyboardInterrupt(), GeneratorExit(), asyncio.CancelledError()])
async def test_an_exit_on_a_worker_ends_the_call_but_neither_the_loop_nor_the_thread(exit_: BaseException) -> None:
    capacity = Capacity(1)

    def leave() -> None:
        raise exit_

    before = await offload(threading.get_ident, capacity=capacity)
    with pytest.raises(WorkerExit, match=f"raised {type(exit_).__name__}") as raised:
        await offload(leave, capacity=capacity)
    assert raised.value.__cause__ is exit_
    assert await offload(threading.get_ident, capacity=capacity) == before


async def test_context_variables_are_written_back_on_request_and_only_after_success() -> None:
    untouched: ContextVar[str] = ContextVar("untouched")

    def change(value: str, error: Exception | None = None) -> None:
        TENANT.set(value)
        if error is not None:
            raise error

    await offload(change, "globex", capacity=Capacity(1), write_back=True)
    assert TENANT.get() == "globex"
    assert untouched.get("unset") == "unset"
    with pytest.raises(LookupError):
        await offload(change, "initech", LookupError(), capacity=Capacity(1), write_back=True)
    assert TENANT.get() == "globex"


@pytest.mark.usefixtures("no_garbage_collector")
async def test_an_idle_thread_keeps_neither_arguments_nor_result() -> None:
    class Thing: ...

    capacity, thing = Capacity(1), Thing()
    reference = weakref.ref(thing)
    assert await offload(lambda value: value, thing, capacity=capacity) is thing
    del thing
    await until_true(lambda: reference() is None)


@pytest.mark.usefixtures("no_garbage_collector")
async def test_no_exception_waits_for_the_garbage_collector() -> None:
    class Thing: ...

    def fail(thing: Thing) -> None:
        raise LookupError(thing)

    capacity, thing = Capacity(1), Thing()
    reference = weakref.ref(thing)
    with pytest.raises(LookupError):
        await offload(fail, thing, capacity=capacity)
    del thing
    with anyio.fail_after(PATIENCE_S):
        while reference() is not None:
            # On a free-threaded build, what a thread has made is freed when that thread runs again.
            await offload(lambda: None, capacity=capacity)


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


async def test_many_calls_that_end_together_let_the_loop_do_something_else_in_between() -> None:
    capacity, held, over = Capacity(1, max_waiting=None), Held(), threading.Event()
    works: list[Callable[[], object]] = [held, *[int] * 1000, over.set]
    calls = [asyncio.create_task(offload(work, capacity=capacity)) for work in works]
    await until(held.started)
    held.release.set()
    while not over.is_set():  # the loop is late
        pass
    ended = most = 0
    while ended < len(calls):
        await asyncio.sleep(0)
        before, ended = ended, sum(call.done() for call in calls)
        most = max(most, ended - before)
    assert most < 100


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
