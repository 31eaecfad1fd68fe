"""Where the control differs from itself, the candidate may, too: in what varies, not in its form."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bridge.shadow import compare, noise
from tests.unit.shadow.exchanges import answer, exchange


def unexcused(control: Any, again: Any, candidate: Any) -> list[str]:
    first, second, third = (exchange(answer(json.dumps(each))) for each in (control, again, candidate))
    differences = compare(first, third, noise=noise(first, second))
    assert all(each.excused is None or each.excused.startswith("noise: ") for each in differences)
    return [each.rule for each in differences if each.excused is None]


@pytest.mark.parametrize(
    ("control", "again", "candidate"),
    [
        ({"n": 17}, {"n": 23}, {"n": 42}),
        ({"n": 17}, {"n": 18}, {"n": 42}),
        ([{"n": 17}, {"n": 1}], [{"n": 23}, {"n": 1}], [{"n": 17}, {"n": 99}]),
        (["a", "b", "c"], ["c", "a", "b"], ["b", "a", "c"]),
        ([{"id": 1, "x": "p q"}], [{"id": 2, "x": "r s"}], [{"id": 3, "x": "t u"}]),
        ({"a": "p q"}, {"a": None}, {"a": None}),
    ],
)
def test_what_varies_may_vary(control: Any, again: Any, candidate: Any) -> None:
    assert unexcused(control, again, candidate) == []


@pytest.mark.parametrize(
    ("control", "again", "candidate", "rule"),
    [
        ({"n": 17}, {"n": 23}, {"n": "17"}, "json.number_as_string"),
        ({"n": 17}, {"n": 23}, {"n": True}, "json.type"),
        ({"n": 17}, {"n": 23}, {}, "json.missing_key"),
        ({"n": 17, "m": 1}, {"n": 23, "m": 1}, {"n": 17, "m": 9}, "json.value"),
        ({"a": "p q"}, {"a": "r s"}, {"a": ["p q"]}, "json.envelope"),
        ({"n": 17}, {"n": 17}, {"n": 42}, "json.value"),
        ([{"id": 1, "n": 1}], [{"id": 1, "n": 1}, {"id": 2, "n": 1}], [{"id": 1, "n": 9}], "json.value"),
    ],
)
def test_another_form_or_another_place_is_a_difference(control: Any, again: Any, candidate: Any, rule: str) -> None:
    assert unexcused(control, again, candidate) == [rule]


def test_a_status_that_varies_lets_the_body_be_compared() -> None:
    ok, busy = answer('{"n": 1}'), answer('{"error": 1}', status=503)
    other = answer('{"n": true}')
    noisy = noise(exchange(ok), exchange(busy))
    assert [each.rule for each in compare(exchange(ok), exchange(other), noise=noisy)] == ["json.bool_as_int"]
