"""Whatever the guard sees, in whatever order: it rolls back what is broken, and promotes only what is healthy."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bridge.evidence import GuardSettings, Health, Look, Plan
from bridge.evidence.watch import Move, Situation, Watch
from bridge.stages import StageSetting

PLAN = Plan.parse("5 → 25 → 100 % → native", hold_s=60)
SHADOW, CANARY = StageSetting.parse("shadow"), StageSetting.parse("canary 5 %")
HEALTHY, BREACHED, INCONCLUSIVE = (Look(health, health.value) for health in Health)


def moves(*looks: Look, breaches: int = 3, setting: StageSetting = CANARY, unchanged_s: float = 0.0) -> list[str]:
    watch = Watch(GuardSettings(breaches=breaches), PLAN)
    return [watch.decide(look, Situation(setting, unchanged_s)).value for look in looks]


def test_the_last_of_some_breaches_in_a_row_rolls_back() -> None:
    assert moves(BREACHED, BREACHED, BREACHED) == ["nothing", "nothing", "roll_back"]
    assert moves(BREACHED, breaches=1) == ["roll_back"]


def test_a_healthy_look_ends_the_row_and_an_inconclusive_one_does_not() -> None:
    assert moves(BREACHED, BREACHED, HEALTHY, BREACHED, BREACHED) == ["nothing"] * 5
    assert moves(BREACHED, INCONCLUSIVE, BREACHED, INCONCLUSIVE, BREACHED)[-1] == "roll_back"


def test_a_breach_goes_on_rolling_back_until_somebody_has() -> None:
    assert moves(BREACHED, BREACHED, BREACHED, BREACHED)[-2:] == ["roll_back", "roll_back"]


@pytest.mark.parametrize(
    ("look", "situation", "move"),
    [
        (HEALTHY, Situation(CANARY, 60.0), "promote"),
        (HEALTHY, Situation(CANARY, 59.9), "nothing"),
        (INCONCLUSIVE, Situation(CANARY, 1e6), "nothing"),
        (BREACHED, Situation(CANARY, 1e6), "nothing"),
        (None, Situation(CANARY, 1e6), "nothing"),
        (HEALTHY, Situation(CANARY, 1e6, held_s=1.0), "nothing"),
        (HEALTHY, Situation(CANARY, 1e6, rolled_back=True), "nothing"),
        (HEALTHY, Situation(StageSetting.parse("native"), 1e6), "nothing"),
        (None, Situation(SHADOW, 60.0), "promote"),
        (None, Situation(SHADOW, 59.9), "nothing"),
        (None, Situation(StageSetting.parse("legacy"), 1e6), "nothing"),
    ],
)
def test_a_promotion_is_due_after_the_hold_and_a_healthy_look(look: Look | None, situation: Situation, move: str) -> None:  # fmt: skip
    assert Watch(GuardSettings(), PLAN).decide(look, situation).value == move


def test_without_a_plan_nothing_is_promoted() -> None:
    assert Watch(GuardSettings(), None).decide(HEALTHY, Situation(CANARY, 1e6)) is Move.NOTHING


class Guarded(RuleBasedStateMachine):
    """An operation that the guard moves at once, while looks of every kind come and operators interfere."""

    @initialize(breaches=st.integers(1, 4), hold=st.sampled_from([0.0, 50.0, 600.0]), retry=st.booleans())
    def begin(self, breaches: int, hold: float, *, retry: bool) -> None:
        self.settings = GuardSettings(breaches=breaches, hold=hold, retry=retry)
        self.watch = Watch(self.settings, PLAN)
        self.now = 0.0
        self.setting = SHADOW
        self.changed_at = 0.0
        self.rolled_back_at: float | None = None
        self.by_operator = False
        self.row = 0
        self.automatic: list[tuple[float, Move]] = []

    def change(self, setting: StageSetting) -> None:
        self.setting, self.changed_at, self.row = setting, self.now, 0
        self.watch.changed()

    @rule(look=st.sampled_from([HEALTHY, BREACHED, INCONCLUSIVE]), seconds=st.sampled_from([5.0, 60.0, 400.0]))
    def look(self, look: Look, seconds: float) -> None:
        self.now += seconds
        serves = self.setting != SHADOW
        rolled_back = self.rolled_back_at is not None and not self.by_operator
        held = max(0.0, self.rolled_back_at + self.settings.hold - self.now) if self.rolled_back_at is not None else 0.0
        situation = Situation(self.setting, self.now - self.changed_at, held, rolled_back)
        move = self.watch.decide(look if serves else None, situation)
        if serves and look.health is not Health.INCONCLUSIVE:
            self.row = self.row + 1 if look.health is Health.BREACHED else 0
        if move is Move.PROMOTE:
            assert not serves or look.health is Health.HEALTHY, "promoted on what is not healthy"
            assert held == 0.0, "promoted while it was held"
            assert self.settings.retry or not rolled_back, "promoted what was rolled back"
            assert self.now - self.changed_at >= PLAN.hold_s, "promoted too soon"
            step = PLAN.after(self.setting)
            assert step is not None
            self.automatic.append((self.now, move))
            self.change(step)
        breached = serves and look.health is Health.BREACHED and self.row >= self.settings.breaches
        assert (move is Move.ROLL_BACK) is breached, "rolls back exactly under a sustained breach"
        if move is Move.ROLL_BACK:
            self.automatic.append((self.now, move))
            self.rolled_back_at, self.by_operator = self.now, False
            self.change(SHADOW)

    @rule(setting=st.sampled_from(["canary 5 %", "canary 25 %", "native", "shadow"]))
    def operator(self, setting: str) -> None:
        self.by_operator = True
        self.change(StageSetting.parse(setting))

    @invariant()
    def flaps_at_most_once_per_hold(self) -> None:
        """After a roll-back, the guard itself does not promote before the hold is over."""
        for (rolled_at, first), (promoted_at, second) in zip(self.automatic, self.automatic[1:], strict=False):
            if (first, second) == (Move.ROLL_BACK, Move.PROMOTE):
                assert promoted_at - rolled_at >= self.settings.hold

    def teardown(self) -> None:
        pass


Guarded.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestGuarded = Guarded.TestCase
