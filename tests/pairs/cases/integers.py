"""Integers, and what passes for them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from sqlalchemy import Integer

from tests.pairs.cases.forms import bound, casts, compares, contains, inserts, literals, reads, selects, updates

if TYPE_CHECKING:
    from tests.pairs.case import Case

__all__ = ["CASES"]

_ODD: Final = {
    "None": None,
    "True": True,
    "whole float": 5.0,
    "float 5.7": 5.7,
    "Decimal 5.7": Decimal("5.7"),
    "str 5": "5",
    "str with spaces": " 5 ",
    "str abc": "abc",
    "empty str": "",
}

CASES: tuple[Case, ...] = (
    *inserts("small", {"max": 2**15 - 1, "out of range": 2**15, "str 5": "5", "True": True}),
    *inserts(
        "integer", {"zero": 0, "min": -(2**31), "max": 2**31 - 1, "out of range": 2**31, "beyond bigint": 2**70, **_ODD}
    ),
    *inserts("big", {"max": 2**63 - 1, "out of range": 2**63, "str 5": "5", "float 1e15": 1e15}),
    *updates("integer", {"str 5": "5", "float 5.7": 5.7, "True": True}),
    *compares("integer", {"5": 5, "other": 6, "out of range": 2**40, "beyond bigint": 2**70, **_ODD}),
    *compares("small", {"out of range": 2**20, "str 5": "5"}),
    *compares("big", {"out of range": 2**64, "str 5": "5"}),
    *contains(
        "integer",
        {"5": [5], "empty": [], "str": ["5"], "out of range": [5, 2**40], "None": [None, 5], "float": [5.0, 5.7]},
    ),
    *selects("small", "integer", "big"),
    *literals({"int": 5, "bigint": 2**40, "beyond bigint": 2**70, "True": True}),
    *casts(Integer(), "integer", {"str 5": "5", "float 5.7": 5.7, "str abc": "abc"}),
    *reads({"smallint": "5::smallint", "count": "count(*)", "sum of bigint": "sum(5::bigint)", "oid": "42::oid"}),
    *bound(
        {
            "integer = int": ("SELECT id FROM constants WHERE integer = :p", {"p": 5}),
            "integer = str": ("SELECT id FROM constants WHERE integer = :p", {"p": "5"}),
            "integer = out of range": ("SELECT id FROM constants WHERE integer = :p", {"p": 2**40}),
            "limit int": ("SELECT id FROM items ORDER BY id LIMIT :n OFFSET :m", {"n": 1, "m": 1}),
            "limit str": ("SELECT id FROM items ORDER BY id LIMIT :n", {"n": "1"}),
            "integer + int": ("SELECT integer + :p FROM constants", {"p": 1}),
            "int + int": ("SELECT :p + :q", {"p": 1, "q": 2}),
            "set int": ("UPDATE items SET quantity = :p WHERE id = 1", {"p": 7}),
            "set str": ("UPDATE items SET quantity = :p WHERE id = 1", {"p": "7"}),
            "set float": ("UPDATE items SET quantity = :p WHERE id = 1", {"p": 7.6}),
        }
    ),
)
