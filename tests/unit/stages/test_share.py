"""Which callers a share holds."""

from __future__ import annotations

import subprocess
import sys
from bisect import bisect_left

from hypothesis import given
from hypothesis import strategies as st

from bridge import Stage, Stages
from bridge.stages import Decision
from bridge.stages.share import in_share
from tests.conftest import ROOT

PERCENT = st.integers(0, 10_000).map(lambda hundredths: hundredths / 100)
OPERATION = "GET /users"
FIRST_RELEASE = [4, 6, 8, 16, 27, 32, 36]


def decided(stages: Stages, host: str) -> Decision:
    return stages.decide(OPERATION, {"client": (host, 1)})


@given(st.text(), PERCENT, PERCENT)
def test_a_larger_share_holds_every_caller_of_a_smaller_one(key: str, one: float, other: float) -> None:
    assert not in_share(key, min(one, other)) or in_share(key, max(one, other))


@given(st.ip_addresses().map(str), st.lists(PERCENT, min_size=2, max_size=6))
def test_raising_the_percentage_never_moves_a_caller_back(host: str, percents: list[float]) -> None:
    stages = Stages()
    stages.declare(OPERATION, ported=True)
    moved = False
    for percent in sorted(percents):
        stages.set(OPERATION, f"canary {percent} %")
        now = decided(stages, host)
        assert now.native or not moved
        assert now == Decision(Stage.CANARY, native=now.native, checks=False)
        moved = now.native


@given(st.text())
def test_no_share_holds_nobody_and_the_whole_everybody(key: str) -> None:
    assert not in_share(key, 0)
    assert in_share(key, 100)


def test_no_share_holds_nobody_of_many() -> None:
    """Among them are callers of each ten-thousandth."""
    assert not any(in_share(str(number), 0) for number in range(50_000))
    assert sum(in_share(str(number), 0.01) for number in range(50_000)) == 6


def test_callers_are_spread_evenly() -> None:
    """Chi-square over a hundred shares of one percent; 149.4 is exceeded by an even spread once in a thousand times."""
    callers = 50_000
    for kind in ("10.0.{}.{}", "user-{}{}", "{}-{}-0000-4000"):
        held = [0] * 101
        for number in range(callers):
            key = f"{OPERATION}\n{kind.format(number // 256, number % 256)}"
            held[first_share(key)] += 1
        expected = callers / 100
        assert sum((count - expected) ** 2 / expected for count in held[1:]) < 149.4


def first_share(key: str) -> int:
    """Return the smallest share, in whole percent, that holds *key*."""
    return bisect_left(range(101), 1, key=lambda percent: int(in_share(key, percent)))


def test_one_operation_does_not_take_the_callers_of_another() -> None:
    """Or the same tenth of the callers would meet every canary."""
    stages = Stages()
    for operation in (OPERATION, "GET /posts"):
        stages.declare(operation, ported=True)
        stages.set(operation, "canary 10 %")
    both = sum(
        decided(stages, f"10.0.0.{n}").native and stages.decide("GET /posts", {"client": (f"10.0.0.{n}", 1)}).native
        for n in range(5000)
    )
    assert 20 <= both <= 90  # 1 % of them


def test_every_process_decides_alike() -> None:
    keys = [f"{OPERATION}\n{'é' * (n % 3)}{n}" for n in range(500)]
    script = f"from bridge.stages.share import in_share; print([in_share(key, 30) for key in {keys!r}])"
    answers = {
        subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("0", "1")
    }
    assert answers == {f"{[in_share(key, 30) for key in keys]}\n".encode()}


def test_a_caller_stays_where_it_is_in_every_release() -> None:
    """The numbers are those of the first release; others would move callers to and fro on an upgrade."""
    assert [n for n in range(40) if in_share(f"{OPERATION}\n{n}", 20)] == FIRST_RELEASE
