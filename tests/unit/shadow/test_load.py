"""Whether a process has time to check anything."""

from __future__ import annotations

import asyncio
import time

import pytest

from bridge.shadow import Load


class Clocks:
    """The two clocks that are read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wall_s = self.processor_s = 0.0
        monkeypatch.setattr(time, "monotonic", lambda: self.wall_s)
        monkeypatch.setattr(time, "process_time", lambda: self.processor_s)

    def pass_(self, wall_s: float, processor_s: float) -> None:
        self.wall_s += wall_s
        self.processor_s += processor_s


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    return Clocks(monkeypatch)


def test_a_process_is_busy_above_its_share_of_a_core(clocks: Clocks) -> None:
    load = Load(busy_above=0.75, contended=lambda: False)
    assert not load.is_busy()
    clocks.pass_(1.0, 0.7)
    assert not load.is_busy()
    assert load.is_busy(crowded=True)
    clocks.pass_(1.0, 0.3)
    assert not load.is_busy(crowded=True)
    clocks.pass_(1.0, 0.8)
    assert load.is_busy()
    clocks.pass_(0.05, 0.0)
    assert load.is_busy(), "the window is not over"
    clocks.pass_(0.06, 0.0)
    assert not load.is_busy()


def test_a_process_whose_callers_wait_is_busy(clocks: Clocks) -> None:
    waiting = True
    load = Load(busy_above=1.0, contended=lambda: waiting)
    assert load.is_busy()
    waiting = False
    assert not load.is_busy()


async def test_it_is_quiet_when_the_last_caller_has_gone() -> None:
    load = Load(busy_above=1.0, contended=lambda: False)
    assert await load.quiet(patience=60)
    load.enter()
    load.enter()
    waiting = [asyncio.ensure_future(load.quiet(patience=60)) for _ in range(2)]
    await asyncio.sleep(0)
    load.leave()
    await asyncio.sleep(0)
    assert not any(each.done() for each in waiting)
    load.leave()
    assert await asyncio.gather(*waiting) == [True, True]


async def test_nobody_waits_for_a_quiet_moment_for_ever() -> None:
    load = Load(busy_above=1.0, contended=lambda: False)
    load.enter()
    began_at = time.monotonic()
    assert not await load.quiet(patience=0.01)
    assert time.monotonic() - began_at < 10
