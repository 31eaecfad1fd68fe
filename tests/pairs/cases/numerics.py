"""Decimals, floats and money."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from sqlalchemy import Numeric

from tests.pairs.cases.forms import bound, casts, compares, contains, inserts, literals, reads, selects

if TYPE_CHECKING:
    from tests.pairs.case import Case

__all__ = ["CASES"]

_SPECIAL: Final = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}

CASES: tuple[Case, ...] = (
    *inserts(
        "price",
        {
            "Decimal": Decimal("1.10"),
            "Decimal to be rounded": Decimal("1.005"),
            "negative zero": Decimal("-0.00"),
            "exponent": Decimal("2E+4"),
            "float 1.005": 1.005,
            "float 0.1": 0.1,
            "int": 3,
            "str": "1.10",
            "str abc": "abc",
            "True": True,
            "out of range": Decimal(10**9),
            "NaN": Decimal("NaN"),
            "None": None,
        },
    ),
    *inserts("exact", {"Decimal": Decimal("1.1"), "float 1.1": 1.1, "float 1e-7": 1e-7, "float 0.1 + 0.2": 0.1 + 0.2}),
    *inserts(
        "anything",
        {
            "float 1.1": 1.1,
            "float 1e300": 1e300,
            "many digits": Decimal("1234567890123456789012345678901234567890.1234567890"),
            "exponent": Decimal("2E+4"),
            "tiny": Decimal("1E-30"),
            "Infinity": Decimal("Infinity"),
        },
    ),
    *inserts("loose", {"float 1.005": 1.005, "Decimal": Decimal("1.10")}),
    *inserts("real", {"1.1": 1.1, "1e10": 1e10, "16777217": 16777217, "out of range": 1e39, "str": "1.1", **_SPECIAL}),
    *inserts(
        "double", {"1.1": 1.1, "Decimal": Decimal("1.1"), "int": 2**53 + 1, "str": "1.1", "True": True, **_SPECIAL}
    ),
    *compares("price", {"Decimal": Decimal("1.1"), "float": 1.1, "str": "1.10", "int": 1}),
    *compares("exact", {"float 1.1": 1.1}),
    *compares("anything", {"float 1.1": 1.1}),
    *compares("real", {"float": 1.5, "str": "1.5"}),
    *compares("double", {"float": 1.1, "Decimal": Decimal("1.1"), "str": "1.1"}),
    *contains("price", {"Decimals": [Decimal("1.1")], "floats": [1.1], "strs": ["1.10"]}),
    *contains("double", {"floats": [1.1, 2.2], "mixed": [1, 1.1]}),
    *selects("price", "exact", "anything", "loose", "real", "double", "money"),
    *inserts("money", {"str": "12.34", "str with sign": "$1,000.50"}),
    *literals({"Decimal": Decimal("1.10"), "float": 1.1, "float nan": float("nan")}),
    *casts(Numeric(10, 1), "numeric", {"float 1.25": 1.25, "float 0.35": 0.35, "str": "1.25"}),
    *reads(
        {
            "numeric": "1.10::numeric",
            "numeric 20000": "20000::numeric",
            "numeric zero": "0.000::numeric",
            "numeric nan": "'NaN'::numeric",
            "avg of integers": "avg(x) FROM (VALUES (1), (2)) AS t(x)",
            "sum of numerics": "sum(x) FROM (VALUES (1.10), (2.20)) AS t(x)",
            "real": "1.1::real",
            "double": "1.1::double precision",
            "money": "12.34::money",
        }
    ),
    *bound(
        {
            "price = Decimal": ("SELECT id FROM constants WHERE price = :p", {"p": Decimal("1.1")}),
            "price = float": ("SELECT id FROM constants WHERE price = :p", {"p": 1.1}),
            "double = Decimal": ("SELECT id FROM constants WHERE double = :p", {"p": Decimal("1.1")}),
            "price * float": ("SELECT price * :p FROM constants", {"p": 1.5}),
        }
    ),
)
