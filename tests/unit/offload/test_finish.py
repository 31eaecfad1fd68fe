"""Work that is finished whatever happens to its caller."""

from __future__ import annotations

import asyncio

import anyio
import anyio.lowlevel
import pytest

from bridge.offload import finish


class Work:
    """Waits to be released, and tells how far it got."""

    def __init__(self) -> None:
        self.begun, self.release, self.ended = asyncio.Event(), asyncio.Event(), False

    async def __call__(self) -> str:
        self.begun.set()
        await self.release.wait()
        self.ended = True
        return "result"


async def test_it_returns_the_result_and_raises_the_exception() -> None:
    async def fail() -> None:
        raise LookupError("inside")

    work = Work()
    work.release.set()
    assert await finish(work()) == "result"
    with pytest.raises(LookupError, match="inside"):
        await finish(fail())


@pytest.mark.parametrize("times", [1, 3])
async def test_cancelling_the_task_is_delivered_when_the_work_has_ended(times: int) -> None:
    work = Work()
    task = asyncio.create_task(finish(work()))
    await work.begun.wait()
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0)
        assert not task.done()
    work.release.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert work.ended


async def test_cancelling_a_scope_is_delivered_when_the_work_has_ended() -> None:
    work, after = Work(), []
    with anyio.CancelScope() as scope:
        task = asyncio.get_running_loop()
        scope.cancel()
        task.call_soon(work.release.set)
        assert await finish(work()) == "result"
        await anyio.lowlevel.checkpoint()
        after.append("not reached")
    assert work.ended
    assert scope.cancelled_caught
    assert not after


async def test_an_exception_of_cancelled_work_does_not_hide_the_cancellation() -> None:
    release = asyncio.Event()

    async def fail() -> None:
        await release.wait()
        raise LookupError

    task = asyncio.create_task(finish(fail()))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    release.set()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("mechanism", ["task", "scope"])
async def test_work_is_cancelled_when_the_patience_of_its_cancelled_caller_is_over(mechanism: str) -> None:
    work, scope = Work(), anyio.CancelScope()

    async def call() -> None:
        with scope:
            await finish(work(), patience=0.01)

    task = asyncio.create_task(call())
    await work.begun.wait()
    (scope if mechanism == "scope" else task).cancel()
    with anyio.fail_after(5):
        await asyncio.wait([task])
    assert not work.ended


async def test_patience_does_not_matter_while_nobody_cancels() -> None:
    work = Work()
    task = asyncio.create_task(finish(work(), patience=0))
    await work.begun.wait()
    await asyncio.sleep(0.01)
    work.release.set()
    assert await task == "result"
