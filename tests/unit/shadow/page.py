"""The tables of `docs/reference/differences.md`, as they follow from the rules."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from bridge.shadow.rules.bodies import BODIES
from bridge.shadow.rules.documents import SPELLING, STRUCTURE
from bridge.shadow.rules.headers import COOKIES, HEADERS
from bridge.shadow.rules.numbers import NUMBERS
from bridge.shadow.rules.statuses import CHECKS, ENDINGS, QUERIES, STATUSES
from bridge.shadow.rules.strings import STRINGS, TIMES
from bridge.shadow.rules.writes import EGRESS, WRITES

if TYPE_CHECKING:
    from bridge.shadow.rules import Rule

__all__ = ["SECTIONS", "cells"]

SECTIONS: Final = {
    "Status": STATUSES,
    "No answer": ENDINGS,
    "Query": QUERIES,
    "Headers": HEADERS,
    "Cookies": COOKIES,
    "JSON: times": TIMES,
    "JSON: numbers, truth, nothing": NUMBERS,
    "JSON: strings": STRINGS,
    "JSON: structure": STRUCTURE,
    "JSON: spelling": SPELLING,
    "Other bodies": BODIES,
    "Rows": WRITES,
    "Egress": EGRESS,
    "More": CHECKS,
}
LONGEST: Final = 90


def cells(rule: Rule) -> list[str]:
    """Return the row of *rule*: its name, its severity, what it means, the example, and the remedy."""
    asked = "" if rule.request == "GET /things" else f"{_code(rule.request)}: "
    return [
        f"`{rule.name}`",
        rule.severity.value,
        _prose(rule.says),
        f"{asked}{_code(rule.control)} / {_code(rule.candidate)}",
        _prose(rule.remedy),
    ]


def _code(text: str) -> str:
    if not text:
        return "nothing"
    shown = json.dumps(text, ensure_ascii=False)[1:-1].replace('\\"', '"').replace("\\\\", "\\").replace("|", "\\|")
    return f"`{shown if len(shown) <= LONGEST else shown[:LONGEST] + '...'}`"


def _prose(text: str) -> str:
    return text.replace("|", "\\|")
