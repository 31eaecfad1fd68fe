"""Wait for an event, or a while."""

from __future__ import annotations

import asyncio
from time import monotonic

import pytest

from bridge.offload import wait_at_most


async def test_a_wait_ends_with_the_event_or_after_a_while() -> None:
    event = asyncio.Event()
    began = monotonic()
    await wait_at_most(event, 0.02)
    assert monotonic() - began >= 0.015
    event.set()
    async with asyncio.timeout(5):
        await wait_at_most(event, 3600)


@pytest.mark.parametrize("turns", range(6))
async def test_a_cancellation_is_not_lost_that_comes_together_with_the_event(turns: int) -> None:
    """Whichever of the two comes some turns of the loop after the other."""
    event = asyncio.Event()

    async def wait_for_ever() -> None:
        while True:
            event.clear()
            await wait_at_most(event, 3600)

    task = asyncio.create_task(wait_for_ever())
    for _ in range(3):
        await asyncio.sleep(0)  # it waits now
    event.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task], timeout=5)
    assert task.cancelled()
