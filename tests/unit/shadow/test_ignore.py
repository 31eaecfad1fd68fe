"""Ignore rules excuse what they say, as long as they say."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from bridge.errors import InvalidIgnore, InvalidShadowSetting
from bridge.shadow import Verdict
from bridge.shadow.comparing import CompareOptions, Ignore, compare, verdict_of
from tests.unit.shadow.exchanges import answer, exchange

CONTROL = exchange(answer('{"items": [{"at": "2024-01-01T10:00:00Z", "n": 1}]}'))
CANDIDATE = exchange(answer('{"items": [{"at": "2024-01-01T12:00:00+02:00", "n": 7}]}'))


def excused(*ignore: Ignore, today: date | None = None) -> dict[str, str | None]:
    options = CompareOptions(ignore=ignore)
    return {each.rule: each.excused for each in compare(CONTROL, CANDIDATE, options=options, today=today)}


@pytest.mark.parametrize(
    ("rule", "where"),
    [
        ("json.datetime.offset", "$.items[0].at"),
        ("json.datetime.*", "$.items[*].at"),
        ("json.datetime.*", "*.at"),
        ("json.d*", "*"),
        ("*.offset", "$.items[*]*"),
    ],
)
def test_a_rule_excuses_what_it_names(rule: str, where: str) -> None:
    assert excused(Ignore(rule, where, reason="both are parsed")) == {
        "json.datetime.offset": "both are parsed",
        "json.value": None,
    }


@pytest.mark.parametrize(
    ("rule", "where"),
    [
        ("json.datetime.zone", "*"),
        ("json.datetime.*", "$.items.at"),
        ("json.datetime.*", "$.items[1].at"),
        ("json.datetime.*", "$.items[*]"),
        ("json.datetime.*", "$[*].at"),
        ("json.datetime.*", "at"),
    ],
)
def test_a_rule_excuses_nothing_else(rule: str, where: str) -> None:
    assert set(excused(Ignore(rule, where, reason="both are parsed")).values()) == {None}


def test_an_index_is_one_index() -> None:
    ignore = Ignore("json.value", "$.a[*].b", reason="r")
    assert ignore.covers("json.value", "$.a[3].b")
    assert not ignore.covers("json.value", "$.a[3].c[4].b")


def test_an_expired_rule_excuses_nothing_and_says_so() -> None:
    ignore = Ignore("json.datetime.*", reason="both are parsed", until=date(2026, 1, 31))
    assert excused(ignore, today=date(2026, 1, 31))["json.datetime.offset"] == "both are parsed"
    assert excused(ignore, today=date(2026, 2, 1))["json.datetime.offset"] is None
    late = compare(CONTROL, CANDIDATE, options=CompareOptions(ignore=(ignore,)), today=date(2026, 2, 1))
    assert "was excused until 2026-01-31: both are parsed" in late[0].remedy


def test_the_verdict_is_excused_when_everything_is() -> None:
    everything = CompareOptions(ignore=(Ignore("*", reason="for now"),))
    assert verdict_of(compare(CONTROL, CANDIDATE, options=everything)) is Verdict.EXCUSED
    assert verdict_of(()) is Verdict.MATCHED


def test_what_is_excused_never_crowds_out_what_is_not() -> None:
    control, candidate = (
        exchange(answer(f"[{', '.join([item] * 500)}, {last}]")) for item, last in (("1", '"a b"'), ("true", '"x y"'))
    )
    options = CompareOptions(ignore=(Ignore("json.bool_as_int", reason="r"),), limit=3)
    found = compare(control, candidate, options=options)
    assert [each.where for each in found if each.excused is None] == ["$[500]"]
    assert found[-1].rule == "check.more"
    assert found[-1].candidate == "498 more"
    assert verdict_of(found) is Verdict.MISMATCHED


def test_what_is_left_out_counts_unless_it_is_excused() -> None:
    options = CompareOptions(ignore=(Ignore("json.*", reason="r"),), limit=3)
    control, candidate = (exchange(answer(f"[{', '.join([item] * 50)}]")) for item in ("1", "true"))
    assert verdict_of(compare(control, candidate, options=options)) is Verdict.EXCUSED


def test_what_was_not_looked_at_is_not_excused() -> None:
    options = CompareOptions(ignore=(Ignore("json.bool_as_int", reason="r"),), limit=2)
    control, candidate = (exchange(answer(f"[{', '.join([item] * 1000)}]")) for item in ("1", "true"))
    differences = compare(control, candidate, options=options)
    assert verdict_of(differences) is Verdict.MISMATCHED
    assert differences[-1].candidate == "398 more, and what is behind them"


def test_an_excused_status_is_compared_further() -> None:
    control = exchange(answer('{"error": "a b"}', status=400))
    candidate = exchange(answer('{"error": "x y"}', status=422))
    assert [each.rule for each in compare(control, candidate)] == ["status.422_for_400"]
    options = CompareOptions(ignore=(Ignore("status.422_for_400", reason="clients take both"),))
    assert [each.rule for each in compare(control, candidate, options=options)] == ["status.422_for_400", "json.value"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"rule": "json.value", "reason": " "}, "has no reason"),
        ({"rule": "json.value", "where": "", "reason": "r"}, "has no place"),
        ({"rule": "json.valeu", "reason": "r"}, "did you mean 'json.value'"),
        ({"rule": "nonsense", "reason": "r"}, "names no rule"),
        ({"rule": "json.value", "reason": "r", "until": "2026-01-31"}, "datetime.date"),
        ({"rule": "json.value", "reason": "r", "until": datetime(2026, 1, 31, tzinfo=UTC)}, "datetime.date"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidIgnore, match=says):
        Ignore(**arguments)


@pytest.mark.parametrize(
    "arguments", [{"limit": 0}, {"depth": 0}, {"depth": 500}, {"headers": ("Allow",)}, {"headers": "allow"}]
)
def test_options_out_of_range_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidShadowSetting):
        CompareOptions(**arguments)
