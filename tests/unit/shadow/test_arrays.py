"""Items of two arrays belong together by what they are, not by where they are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bridge.shadow import CompareOptions, Ignore, compare
from tests.unit.shadow.exchanges import answer, exchange

ADA, BOB, CYD = ({"id": n, "name": name} for n, name in ((1, "Ada"), (2, "Bob"), (3, "Cyd")))


def found(control: Any, candidate: Any, *ignore: Ignore) -> list[tuple[str, str]]:
    sides = (exchange(answer(json.dumps(each))) for each in (control, candidate))
    return [(each.rule, each.where) for each in compare(*sides, options=CompareOptions(ignore=ignore))]


@pytest.mark.parametrize(
    ("control", "candidate", "expected"),
    [
        ([ADA, BOB, CYD], [BOB, CYD], [("json.missing_item", "$[0]")]),
        ([BOB, CYD], [ADA, BOB, CYD], [("json.extra_item", "$[0]")]),
        ([ADA, BOB], [ADA, ADA, BOB], [("json.duplicate_item", "$[1]")]),
        ([ADA, BOB], [BOB, CYD], [("json.missing_item", "$[0]"), ("json.extra_item", "$[1]")]),
        ([ADA, BOB, CYD], [CYD, BOB, ADA], [("json.array_order", "$")]),
        ([ADA, BOB], [BOB, {**ADA, "name": "ADA"}], [("json.array_order", "$"), ("json.string.case", "$[0].name")]),
        ([ADA, BOB], [{**BOB, "id": 7}, {**ADA, "id": 8}], [("json.array_order", "$"), ("json.value", "$[1].id"), ("json.value", "$[0].id")]),
        ([{"id": 1}, {"id": 2}], [{"id": 7}, {"id": 8}], [("json.missing_item", "$[0]"), ("json.missing_item", "$[1]"), ("json.extra_item", "$[0]"), ("json.extra_item", "$[1]")]),
        ([{"id": 1, "a": 1}], [{"id": 2, "a": 1}], [("json.off_by_one", "$[0].id")]),
        ([{"id": "0f8fad5b-d9cb-469f-a165-708677289501"}, {"id": "0f8fad5b-d9cb-469f-a165-708677289502"}], [{"id": "0f8fad5bd9cb469fa165708677289501"}, {"id": "0f8fad5bd9cb469fa165708677289502"}], [("json.uuid_dashes", "$[0].id"), ("json.uuid_dashes", "$[1].id")]),
        (["a", "b", "c"], ["a", "c"], [("json.missing_item", "$[1]")]),
        (["a", "b"], ["a", "b", "b"], [("json.duplicate_item", "$[2]")]),
        (["a", "b"], ["b", "a"], [("json.array_order", "$")]),
        ([1, 2], [1, 7], [("json.value", "$[1]")]),
        ([[1], [2]], [[2], [1]], [("json.array_order", "$")]),
        ([{"a": 1, "b": 2}, {"c": 3}], [{"c": 3}, {"b": 2, "a": 1}], [("json.array_order", "$")]),
        ([], [1], [("json.extra_item", "$[0]")]),
        ([ADA], [], [("json.missing_item", "$[0]")]),
        ([{"id": 1}, {"id": 1}], [{"id": 1}], [("json.missing_item", "$[1]")]),
    ],
)  # fmt: skip
def test_items_that_belong_together_are_compared(control: Any, candidate: Any, expected: list[tuple[str, str]]) -> None:
    assert found(control, candidate) == expected


def test_items_that_nobody_can_tell_apart_are_counted_and_compared_only_once_that_is_excused() -> None:
    control, candidate = ["a b", "c d", "e f"], ["u v", "w x"]
    assert found(control, candidate) == [("json.array_length", "$")]
    further = found(control, candidate, Ignore("json.array_length", reason="r"))
    assert further == [("json.array_length", "$"), ("json.value", "$[0]"), ("json.value", "$[1]")]


def test_a_deep_difference_is_found_at_its_place() -> None:
    control, candidate = ({"a": [{"id": 1, "b": {"odd key": [0, {"c": each}]}}]} for each in (True, 1))
    assert found(control, candidate) == [("json.bool_as_int", '$.a[0].b["odd key"][1].c')]
