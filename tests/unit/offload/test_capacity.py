"""Capacity: tokens, and what they count."""

from __future__ import annotations

import asyncio

import pytest
from anyio import fail_after, to_thread

from bridge import Capacity, CapacityStatistics, InvalidPoolSize


@pytest.mark.parametrize("tokens", [0, -1])
def test_a_capacity_below_one_is_refused(tokens: int) -> None:
    with pytest.raises(InvalidPoolSize, match=rf"capacity is {tokens}, but at least 1"):
        Capacity(tokens)


async def test_statistics_count_running_and_waiting_calls() -> None:
    capacity = Capacity(1)
    assert capacity.statistics() == CapacityStatistics(tokens=1, running=0, waiting=0)
    async with capacity.limiter:
        waiting = asyncio.ensure_future(to_thread.run_sync(lambda: None, limiter=capacity.limiter))
        with fail_after(10):
            while capacity.statistics().waiting == 0:  # noqa: ASYNC110  a limiter has no event for it
                await asyncio.sleep(0)
        assert capacity.statistics() == CapacityStatistics(tokens=1, running=1, waiting=1)
    await waiting
    assert capacity.statistics() == CapacityStatistics(tokens=1, running=0, waiting=0)


def test_one_capacity_serves_several_event_loops() -> None:
    capacity = Capacity(3)

    async def limiter() -> object:
        assert capacity.limiter is capacity.limiter
        return capacity.limiter

    assert asyncio.run(limiter()) is not asyncio.run(limiter())


async def test_two_capacities_do_not_share_tokens() -> None:
    one, other = Capacity(1), Capacity(1)
    async with one.limiter:
        assert other.statistics().running == 0
