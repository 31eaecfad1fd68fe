"""Every rule, by name. `docs/reference/differences.md` lists the same."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Final

from bridge.shadow.difference import Severity
from bridge.shadow.rules.bodies import BODIES
from bridge.shadow.rules.documents import SPELLING, STRUCTURE
from bridge.shadow.rules.headers import COOKIES, HEADERS
from bridge.shadow.rules.numbers import NUMBERS
from bridge.shadow.rules.statuses import CHECKS, ENDINGS, QUERIES, STATUSES
from bridge.shadow.rules.strings import STRINGS, TIMES
from bridge.shadow.rules.writes import EGRESS, WRITES

if TYPE_CHECKING:
    from bridge.shadow.rules.rule import Rule

__all__ = ["RULES", "names", "rule_of"]

RULES: Final = (
    *STATUSES,
    *ENDINGS,
    *QUERIES,
    *HEADERS,
    *COOKIES,
    *TIMES,
    *NUMBERS,
    *STRINGS,
    *STRUCTURE,
    *SPELLING,
    *BODIES,
    *WRITES,
    *EGRESS,
    *CHECKS,
)
IN_COLUMNS: Final = (*TIMES, *NUMBERS, *STRINGS, *STRUCTURE)
BY_NAME: Final = {each.name: each for each in RULES}
WRONG_VALUE: Final = "sql.wrong_value"


@cache
def rule_of(name: str) -> Rule:
    """
    Return the rule called *name*.

    What is wrong with the value of a column has the name that it would have in a JSON body, behind ``sql.wrong_value``:
    ``json.rounding`` is ``sql.wrong_value.rounding``. There it is always an error: the row stays.

    Raises:
        KeyError: There is no such rule.
    """
    if name in BY_NAME:
        return BY_NAME[name]
    if name not in names():
        raise KeyError(name)
    return replace(BY_NAME[f"json.{name.removeprefix(WRONG_VALUE + '.')}"], name=name, severity=Severity.ERROR)


@cache
def names() -> frozenset[str]:
    """Return the name of every rule, those of the values of columns included."""
    columns = (each.name.removeprefix("json.") for each in IN_COLUMNS if each.name != "json.value")
    return frozenset(BY_NAME) | {f"{WRONG_VALUE}.{kind}" for kind in columns}
