"""Every rule recognises its own example, and has all that a reader needs."""

from __future__ import annotations

import pytest

from bridge.shadow import Severity, Verdict
from bridge.shadow.comparing import COMPARED_HEADERS, CompareOptions, compare, verdict_of
from bridge.shadow.rules import RULES, Rule, names, rule_of
from tests.unit.shadow.examples import example

BY_NAME = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)


def options_for(rule: Rule) -> CompareOptions:
    """Keep one difference where the rule is about more, and leave out the header that goes with another kind of body."""
    return CompareOptions(
        limit=1 if rule.name == "check.more" else 50,
        headers=() if rule.name == "body.media_type" else COMPARED_HEADERS,
    )


@BY_NAME
def test_a_rule_recognises_its_example_and_no_other_does(rule: Rule) -> None:
    differences = compare(*example(rule), options=options_for(rule))
    more = ["json.value"] if rule.name == "check.more" else []
    assert [each.rule for each in differences] == [*more, rule.name]
    assert verdict_of(differences) is Verdict.MISMATCHED


@BY_NAME
def test_a_path_agrees_with_itself(rule: Rule) -> None:
    for side in example(rule):
        assert compare(side, side) == ()


@BY_NAME
def test_a_difference_says_where_both_values_and_the_remedy(rule: Rule) -> None:
    each = compare(*example(rule), options=options_for(rule))[-1]
    assert each.where
    assert each.severity is rule.severity
    assert each.remedy == rule.remedy
    assert each.control != each.candidate


def test_names_are_unique_and_speak() -> None:
    every = [rule.name for rule in RULES]
    assert len(set(every)) == len(every)
    assert all(rule.says and rule.remedy for rule in RULES)


def test_what_is_wrong_with_a_column_has_the_name_that_it_has_in_a_body() -> None:
    rounding = rule_of("sql.wrong_value.rounding")
    assert rounding.severity is Severity.ERROR
    assert rounding.remedy == rule_of("json.rounding").remedy
    assert all(rule_of(name).name == name for name in names())
    with pytest.raises(KeyError):
        rule_of("sql.wrong_value.trailing_newline")
    with pytest.raises(KeyError):
        rule_of("json.nonsense")
