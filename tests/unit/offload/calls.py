"""Calls that stay on their thread until they are told otherwise, and ways to wait for them without sleeping."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from bridge import stoppable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bridge import Capacity

PATIENCE_S = 10


class Held:
    """A call that stays on its thread until it is released, and cannot be stopped."""

    def __init__(self) -> None:
        self.started = threading.Event()
        self.release = threading.Event()
        self.finished = threading.Event()

    def __call__(self) -> str:
        self.started.set()
        assert self.release.wait(PATIENCE_S)
        self.finished.set()
        return "done"


class Interrupted(Exception):
    """What the driver raises when a statement is stopped."""


class Statement:
    """A call that stays on its thread until it is stopped, as an SQL statement does."""

    def __init__(self) -> None:
        self.started = threading.Event()
        self.stopped = threading.Event()
        self.rolled_back = threading.Event()
        self.stopped_on = ""

    def stop(self) -> None:
        self.stopped_on = threading.current_thread().name
        self.stopped.set()

    def __call__(self) -> None:
        try:
            with stoppable(self.stop):
                self.started.set()
                assert self.stopped.wait(PATIENCE_S)
                raise Interrupted  # noqa: TRY301  as a driver does
        except Interrupted:
            self.rolled_back.set()
            raise


async def until(event: threading.Event) -> None:
    # On a thread of AnyIO's own, so that no token of the capacity under test is used.
    assert await anyio.to_thread.run_sync(event.wait, PATIENCE_S)


async def until_true(condition: Callable[[], object]) -> None:
    with anyio.fail_after(PATIENCE_S):
        while not condition():  # noqa: ASYNC110  of threads and counters, which have no events
            await asyncio.sleep(0)


async def until_waiting(capacity: Capacity, number: int = 1) -> None:
    await until_true(lambda: capacity.statistics().waiting >= number)


async def cancelled_by(
    mechanism: str, work: Awaitable[object], begin: Callable[[], Awaitable[object]]
) -> asyncio.Task[str]:
    """Await *work* in a task, and cancel it by *mechanism* when *begin* has returned; the task returns how it ended."""
    scope = anyio.CancelScope()
    go = asyncio.Event()

    async def run() -> str:
        if mechanism == "scope":
            with scope:
                await work
        elif mechanism == "timeout":
            try:
                async with asyncio.timeout(None) as timeout:
                    asyncio.get_running_loop().call_soon(lambda: asyncio.ensure_future(expire(timeout)))
                    await work
            except TimeoutError:
                return "cancelled"
        else:
            await work
        return "cancelled" if scope.cancelled_caught else "completed"

    async def expire(limit: asyncio.Timeout) -> None:
        await go.wait()
        limit.reschedule(0)

    async def wrapped() -> str:
        try:
            return await run()
        except asyncio.CancelledError:
            return "cancelled"

    task = asyncio.create_task(wrapped())
    await begin()
    if mechanism == "task":
        task.cancel()
    elif mechanism == "scope":
        scope.cancel()
    else:
        go.set()
    return task
