"""The reference of differences lists every rule, as it is."""

from __future__ import annotations

import pytest

from bridge.shadow.rules import RULES
from tests.docs.pages import rows
from tests.unit.shadow.page import SECTIONS, cells

PAGE = "docs/reference/differences.md"


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_rule_is_documented_with_severity_example_and_remedy(heading: str) -> None:
    written = [" | ".join(row) for row in rows(PAGE, heading)]
    assert written == [" | ".join(cells(rule)) for rule in SECTIONS[heading]]


def test_every_rule_is_in_a_section() -> None:
    assert [rule for rules in SECTIONS.values() for rule in rules if rule not in RULES] == []
    assert sum(map(len, SECTIONS.values())) == len(RULES)
