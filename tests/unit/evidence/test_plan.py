"""A plan is read as people write it, and only goes forward."""

from __future__ import annotations

import pytest

from bridge.errors import InvalidEvidenceSetting
from bridge.evidence import Plan
from bridge.stages import StageSetting


@pytest.mark.parametrize("text", ["5 → 25 → 50 → 100 %", "5->25->50->100", "5 % -> 25 % → canary 50 % → canary 100"])
def test_a_plan_is_read_with_either_arrow(text: str) -> None:
    plan = Plan.parse(text, hold_s=60)
    assert [str(step) for step in plan.steps] == ["canary 5 %", "canary 25 %", "canary 50 %", "canary 100 %"]
    assert plan.hold_s == 60


def test_a_plan_may_go_on_to_the_end() -> None:
    plan = Plan.parse("2.5 → 100 % → verify → native")
    assert str(plan) == "canary 2.5 % → canary 100 % → verify → native, 600 s each"


@pytest.mark.parametrize("text", ["", "5 → → 25", "25 → 5", "5 → 5", "legacy → 5", "shadow → 5", "5 → 101", "five", "5 → native → verify"])  # fmt: skip
def test_what_is_no_way_forward_is_refused(text: str) -> None:
    with pytest.raises(InvalidEvidenceSetting):
        Plan.parse(text)


@pytest.mark.parametrize("plan", [{"steps": ()}, {"steps": (StageSetting.parse("native"),), "hold_s": -1.0}])
def test_a_plan_without_a_step_or_with_a_negative_time_is_refused(plan: dict[str, object]) -> None:
    with pytest.raises(InvalidEvidenceSetting):
        Plan(**plan)  # type: ignore[arg-type]  # any setting


@pytest.mark.parametrize(
    ("setting", "following"),
    [
        ("legacy", None),
        ("shadow", "canary 5 %"),
        ("canary 1 %", "canary 5 %"),
        ("canary 5 %", "canary 25 %"),
        ("canary 10 %", "canary 25 %"),
        ("canary 25 %", "native"),
        ("verify", "native"),
        ("native", None),
    ],
)
def test_the_next_step_is_the_first_that_is_more(setting: str, following: str | None) -> None:
    step = Plan.parse("5 → 25 → native").after(StageSetting.parse(setting))
    assert (None if step is None else str(step)) == following
