"""How many checks may begin."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.shadow.budget import Budget


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@given(st.floats(0.1, 1000), st.lists(st.floats(0, 0.5), max_size=200))
def test_no_second_begins_more_than_its_share_and_one_more(per_second: float, pauses: list[float]) -> None:
    clock = Clock()
    budget = Budget(per_second, clock)
    taken: list[float] = []
    for pause in pauses:
        clock.now += pause
        if budget.take():
            taken.append(clock.now)
    for begun in taken:
        assert sum(begun <= other < begun + 1 for other in taken) <= max(per_second, 1) + per_second + 1


def test_what_one_second_may_use_comes_back_in_one_second() -> None:
    clock = Clock()
    budget = Budget(10, clock)
    assert [budget.take() for _ in range(11)] == [True] * 10 + [False]
    clock.now = 0.5
    assert [budget.take() for _ in range(6)] == [True] * 5 + [False]
    clock.now = 60
    assert [budget.take() for _ in range(11)] == [True] * 10 + [False]


def test_less_than_one_a_second_is_one_now_and_then() -> None:
    clock = Clock()
    budget = Budget(0.1, clock)
    assert [budget.take(), budget.take()] == [True, False]
    clock.now = 10
    assert budget.take()


def test_a_budget_of_nothing_begins_nothing() -> None:
    clock = Clock()
    budget = Budget(0, clock)
    clock.now = 1e6
    assert not budget.take()
