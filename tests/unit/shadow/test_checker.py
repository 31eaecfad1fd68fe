"""When reads that were served are checked."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import pytest

from bridge.shadow import CheckSettings, Load, Verdict
from bridge.shadow.arbiter import ReadToCheck
from bridge.shadow.check import Check
from bridge.shadow.checker import Checker
from bridge.shadow.comparing import CompareOptions
from bridge.stages import Path
from tests.unit.shadow.exchanges import answer, exchange

LINGER: Final = "bridge.shadow.checker.LINGER_S"


class Agreeing:
    """Finds that whatever it is given matches, in a moment."""

    async def check(self, read: ReadToCheck) -> Check:
        await asyncio.sleep(0)
        return Check(read.operation, read.control, read.control, Verdict.MATCHED)


@pytest.fixture
def checker() -> Checker:
    load = Load(busy_above=9.0, contended=lambda: False)
    return Checker(CheckSettings(), Agreeing(), load)  # type: ignore[arg-type]  # all that is asked of an arbiter


def read() -> ReadToCheck:
    async def run(_: Path) -> Any:
        raise AssertionError("the arbiter runs nothing here")

    now = asyncio.get_running_loop().time()
    return ReadToCheck("GET /users", exchange(answer("{}")), Path.NATIVE, run, CompareOptions(), now)


async def test_a_read_waits_for_others_and_all_are_checked_in_one_go(
    checker: Checker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LINGER, 3600.0)
    for number in range(1, 4):
        checker.take(read())
        for _ in range(5):
            await asyncio.sleep(0)
        assert checker.statistics().waiting == number
        assert not checker.statistics().verdicts
    await checker.close()
    assert not checker.statistics().waiting
    monkeypatch.setattr(LINGER, 0.001)
    for _ in range(3):
        checker.take(read())
    await checker.settled()
    assert checker.statistics().verdicts == {"matched": 3}
