"""The same semantics where only AnyIO knows the event loop: on trio, and on asyncio as a second opinion."""

from __future__ import annotations

import threading
import traceback
from contextvars import ContextVar
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import anyio
import anyio.lowlevel
import pytest

from bridge import (
    AdmissionTimeout,
    Capacity,
    DeadlineExceeded,
    LegacyIsAsync,
    ResultIsLazy,
    StopIterationEscaped,
    TooManyWaiting,
    WorkerExit,
    from_thread,
    offload,
)
from bridge.offload.fallback import offload_anyio
from tests.unit.offload.calls import PATIENCE_S, Held, Interrupted, Statement

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

TENANT: ContextVar[str] = ContextVar("tenant", default="nobody")
BACKENDS = [
    "asyncio",
    pytest.param("trio", marks=pytest.mark.skipif(not find_spec("trio"), reason="trio is not installed")),
]


@pytest.fixture(params=BACKENDS)
def run(request: pytest.FixtureRequest) -> Callable[[Callable[[], Awaitable[Any]]], Any]:
    """Return what runs a coroutine function on an event loop of AnyIO's."""
    return partial(anyio.run, backend=request.param)


async def call(
    fn: Callable[..., Any], *args: Any, capacity: Capacity, deadline: float | None = None, write_back: bool = False
) -> Any:
    try:
        import sniffio  # noqa: PLC0415  it is optional

        library = sniffio.current_async_library()
    except ImportError:
        library = "asyncio"
    if library == "trio":
        return await offload(fn, *args, capacity=capacity, deadline=deadline, write_back=write_back)
    return await offload_anyio(fn, args, capacity, deadline, write_back=write_back)


async def until(event: threading.Event) -> None:
    assert await anyio.to_thread.run_sync(event.wait, PATIENCE_S)


async def until_true(condition: Callable[[], object]) -> None:
    with anyio.fail_after(PATIENCE_S):
        while not condition():
            await anyio.lowlevel.checkpoint()


Run = "Callable[[Callable[[], Awaitable[Any]]], Any]"


def test_results_exceptions_and_context_variables(run: Any) -> None:
    def inner() -> None:
        raise LookupError("inside")

    def change() -> str:
        seen = TENANT.get()
        TENANT.set("changed")
        return seen

    async def main() -> None:
        capacity = Capacity(1)
        TENANT.set("acme")
        assert await call(threading.get_ident, capacity=capacity) != threading.get_ident()
        with pytest.raises(LookupError, match="inside") as raised:
            await call(inner, capacity=capacity)
        assert "inner" in [frame.name for frame in traceback.extract_tb(raised.value.__traceback__)]
        assert (await call(change, capacity=capacity), TENANT.get()) == ("acme", "acme")
        assert (await call(change, capacity=capacity, write_back=True), TENANT.get()) == ("acme", "changed")
        with pytest.raises(StopIterationEscaped):
            await call(next, iter(()), capacity=capacity)
        with pytest.raises(WorkerExit):
            await call(exit_, capacity=capacity)
        with pytest.raises(ResultIsLazy):
            await call(iter_nothing, capacity=capacity)

    def exit_() -> None:
        raise SystemExit

    def iter_nothing() -> Iterator[None]:
        yield from ()

    run(main)


def test_an_asynchronous_function_is_refused() -> None:
    async def fn() -> None: ...

    async def main() -> None:
        with pytest.raises(LegacyIsAsync):
            await offload(fn, capacity=Capacity(1))  # type: ignore[unused-coroutine]  # it raises before there is one

    anyio.run(main, backend="trio")


def test_the_line_is_bounded_in_length_and_time(run: Any) -> None:
    async def main() -> None:
        capacity, held, ran = Capacity(1, max_waiting=1, admission_timeout=0.05), Held(), threading.Event()
        lane = capacity.anyio.lane(1)
        async with anyio.create_task_group() as calls:
            calls.start_soon(partial(call, held, capacity=capacity))
            await until(held.started)
            async with anyio.create_task_group() as waiting:

                async def wait() -> None:
                    with pytest.raises(AdmissionTimeout):
                        await call(ran.set, capacity=capacity)

                waiting.start_soon(wait)
                await until_true(lambda: lane.statistics().waiting)
                with pytest.raises(TooManyWaiting):
                    await call(ran.set, capacity=capacity)
            held.release.set()
        assert await call(int, capacity=capacity) == 0
        statistics = lane.statistics()
        assert (statistics.admitted, statistics.refused, statistics.timed_out) == (2, 1, 1)
        assert (statistics.running, statistics.waiting, ran.is_set()) == (0, 0, False)

    run(main)


def test_tokens_go_to_callers_in_order(run: Any) -> None:
    async def main() -> None:
        capacity, held, order = Capacity(1), Held(), list[int]()
        lane = capacity.anyio.lane(1)
        async with anyio.create_task_group() as calls:
            calls.start_soon(partial(call, held, capacity=capacity))
            await until(held.started)
            for number in range(10):
                calls.start_soon(partial(call, order.append, number, capacity=capacity))
                await until_true(lambda number=number: lane.statistics().waiting == number + 1)  # type: ignore[misc]  # mypy cannot infer a lambda with a default
            held.release.set()
        assert order == list(range(10))

    run(main)


def test_a_cancelled_call_is_stopped_and_keeps_its_token_until_its_thread_is_done(run: Any) -> None:
    async def main() -> None:
        capacity, statement, ran = Capacity(1), Statement(), threading.Event()
        lane = capacity.anyio.lane(1)
        async with anyio.create_task_group() as calls:
            calls.start_soon(partial(call, statement, capacity=capacity))
            await until(statement.started)
            calls.start_soon(partial(call, ran.set, capacity=capacity))
            await until_true(lambda: lane.statistics().waiting)
            calls.cancel_scope.cancel()
        assert statement.rolled_back.is_set()
        assert not ran.is_set()
        statistics = lane.statistics()
        assert (statistics.running, statistics.waiting, statistics.cancelled) == (0, 0, 2)

    run(main)


def test_work_without_a_stopper_is_waited_for(run: Any) -> None:
    async def main() -> None:
        capacity, held = Capacity(1), Held()
        lane = capacity.anyio.lane(1)
        async with anyio.create_task_group() as calls:
            calls.start_soon(partial(call, held, capacity=capacity))
            await until(held.started)
            calls.cancel_scope.cancel()
            with anyio.CancelScope(shield=True):
                await until_true(lambda: lane.cancelled)
                assert lane.statistics().running == 1
                held.release.set()
        assert held.finished.is_set()
        assert lane.statistics().running == 0

    run(main)


def test_a_deadline_stops_running_work(run: Any) -> None:
    async def main() -> None:
        capacity, statement = Capacity(1), Statement()
        with pytest.raises(DeadlineExceeded, match="and was stopped") as raised:
            await call(statement, capacity=capacity, deadline=0.2)
        assert isinstance(raised.value.__cause__, Interrupted)
        assert statement.rolled_back.is_set()
        assert await call(int, capacity=capacity, deadline=60) == 0

    run(main)


def test_nested_calls_need_no_further_token(run: Any) -> None:
    async def main() -> None:
        capacity = Capacity(1, admission_timeout=5)

        async def again(levels: int) -> int:
            result: int = await call(down, levels, capacity=capacity)
            return result

        def down(levels: int) -> int:
            return 0 if levels == 0 else 1 + from_thread(again, levels - 1)

        assert await call(down, 3, capacity=capacity) == 3

    run(main)


def test_resizing_reaches_the_lane(run: Any) -> None:
    async def main() -> None:
        capacity = Capacity(1)
        await call(int, capacity=capacity)
        capacity.resize(3)
        await call(int, capacity=capacity)
        assert capacity.anyio.lane(capacity.tokens).statistics().tokens == 3

    run(main)
