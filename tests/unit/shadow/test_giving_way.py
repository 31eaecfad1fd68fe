"""Work of a check takes its next step when no caller is in flight, and behaves otherwise as if it were awaited itself."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bridge.shadow import Load
from bridge.shadow.giving_way import GivingWay

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

PATIENT_S = 60.0


@pytest.fixture
def load() -> Load:
    return Load(busy_above=1.0, contended=lambda: False)


async def steps(done: list[int]) -> str:
    for number in range(3):
        done.append(number)
        await asyncio.sleep(0)
    return "done"


async def pass_on() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_no_step_is_taken_while_a_caller_is_in_flight(load: Load) -> None:
    done: list[int] = []
    work = GivingWay(steps(done), load, patience=PATIENT_S)
    running = asyncio.ensure_future(work)
    await asyncio.sleep(0)
    load.enter()
    await pass_on()
    assert done == [0]
    load.leave()
    assert await running == "done"
    assert done == [0, 1, 2]
    assert 0 < work.waited_s < PATIENT_S


async def test_it_goes_on_beside_callers_that_never_leave(load: Load) -> None:
    load.enter()
    work = GivingWay(steps([]), load, patience=0.02)
    assert await asyncio.wait_for(work, PATIENT_S) == "done"
    assert work.waited_s >= 0.02


async def test_without_callers_it_waits_for_nothing(load: Load) -> None:
    work = GivingWay(steps([]), load, patience=PATIENT_S)
    assert await work == "done"
    assert work.waited_s < 1.0


async def test_what_it_raises_arrives(load: Load) -> None:
    async def fails() -> None:
        await asyncio.sleep(0)
        raise LookupError("itself")

    with pytest.raises(LookupError, match="itself"):
        await GivingWay(fails(), load, patience=PATIENT_S)


async def test_work_without_a_wait_ends_at_once(load: Load) -> None:
    async def value() -> int:
        return 7

    load.enter()
    assert await GivingWay(value(), load, patience=PATIENT_S) == 7


async def cleaning(cleaned: list[str]) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0)
        cleaned.append("rolled back")


async def swallowing(cleaned: list[str]) -> None:
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        cleaned.append("swallowed")


@pytest.mark.parametrize("giving_way", [False, True])
@pytest.mark.parametrize("work", [cleaning, swallowing])
async def test_a_cancellation_reaches_the_work(
    giving_way: bool, work: Callable[[list[str]], Coroutine[object, object, None]], load: Load
) -> None:
    """Also where it comes while the work gives way, which it then does no longer."""
    cleaned: list[str] = []

    async def body() -> None:
        if giving_way:
            load.enter()
            await asyncio.sleep(0)
        await work(cleaned)

    running = asyncio.ensure_future(GivingWay(body(), load, patience=0.5 if giving_way else PATIENT_S))
    await pass_on()
    running.cancel()
    await asyncio.wait([running], timeout=PATIENT_S)
    assert running.cancelled() is (work is cleaning or giving_way)
    assert cleaned == ([] if giving_way else ["rolled back" if work is cleaning else "swallowed"])


async def test_its_own_deadline_is_kept(load: Load) -> None:
    async def body() -> str:
        try:
            async with asyncio.timeout(0.01):
                await asyncio.Event().wait()
        except TimeoutError:
            return "late"
        return "never"

    assert await GivingWay(body(), load, patience=PATIENT_S) == "late"
