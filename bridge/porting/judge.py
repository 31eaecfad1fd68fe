"""Which values the two drivers treat differently, by the server's type."""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Enum,
    Float,
    Integer,
    Interval,
    Numeric,
    SmallInteger,
    String,
    Time,
)
from sqlalchemy.dialects.postgresql import INTERVAL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.types import TypeEngine

__all__ = ["judge", "kind_of", "shape"]

RANGES: Final = {"int2": 2**15, "int4": 2**31, "int8": 2**63}
DATES: Final = frozenset({"date", "time", "timetz", "timestamp", "timestamptz", "interval"})
FLOATS: Final = frozenset({"float4", "float8"})
TEXTS: Final = frozenset({"text", "varchar", "bpchar"})
# More specific types first: each is also an instance of a later one.
KINDS: Final[tuple[tuple[type[TypeEngine[Any]], str | None], ...]] = (
    (Enum, None),
    (Boolean, None),
    (SmallInteger, "int2"),
    (BigInteger, "int8"),
    (Integer, "int4"),
    (Float, "float8"),
    (Numeric, "numeric"),
    (Interval, "interval"),
    (INTERVAL, "interval"),
    (Date, "date"),
    (Time, "time"),
    (String, "text"),
)


def kind_of(sql_type: TypeEngine[Any]) -> str | None:
    """Return PostgreSQL's name for *sql_type*, with ``[]`` for an array; None for types on which the drivers agree."""
    if isinstance(sql_type, ARRAY):
        kind = kind_of(sql_type.item_type)
        return kind and f"{kind}[]"
    if isinstance(sql_type, DateTime):
        return "timestamptz" if sql_type.timezone else "timestamp"
    return next((kind for known, kind in KINDS if isinstance(sql_type, known)), None)


def judge(kind: str, value: object) -> str | None:
    """Return the name of the rule for sending *value* as *kind*; None if both drivers do the same."""
    if kind.endswith("[]"):
        return next(filter(None, (judge(kind[:-2], each) for each in _members(value))), None)
    return None if value is None else _judge(kind, value)


def _judge(kind: str, value: object) -> str | None:
    if kind in RANGES:
        return _as_integer(value, RANGES[kind])
    if kind in DATES:
        return _as_date(kind, value)
    if kind == "numeric" and isinstance(value, float):
        return "value.float_into_numeric"
    if kind in FLOATS and isinstance(value, str):
        return "value.string_into_float"
    return "value.not_text_into_text" if kind in TEXTS and not isinstance(value, str) else None


def shape(value: object) -> object:
    """Return what decides how a driver sends *value*: its type, and what of it matters besides. Two equal shapes have one verdict."""
    if isinstance(value, bool):
        return bool
    if isinstance(value, int):
        return int, next((kind for kind, limit in RANGES.items() if -limit <= value < limit), "numeric")
    if isinstance(value, (float, Decimal)):
        return type(value), _has_fraction(value)
    if isinstance(value, datetime):
        return datetime, value.tzinfo is not None
    if isinstance(value, (list, tuple)):
        return type(value), frozenset(map(shape, value))
    return type(value)


def _as_integer(value: object, limit: int) -> str | None:
    if isinstance(value, bool):
        return "value.bool_into_integer"
    if isinstance(value, str):
        return "value.string_into_integer"
    if isinstance(value, (float, Decimal)):
        return "value.float_into_integer" if _has_fraction(value) else None
    return "value.integer_out_of_range" if isinstance(value, int) and not -limit <= value < limit else None


def _as_date(kind: str, value: object) -> str | None:
    if isinstance(value, str):
        return "value.string_into_date"
    if isinstance(value, datetime):
        if kind == "timestamptz" and value.tzinfo is None:
            return "value.naive_datetime_into_timestamptz"
        if kind == "timestamp" and value.tzinfo is not None:
            return "value.aware_datetime_into_timestamp"
    elif kind == "timestamptz" and isinstance(value, date):
        return "value.naive_datetime_into_timestamptz"
    return None


def _has_fraction(value: float | Decimal) -> bool:
    return math.isfinite(value) and value != int(value)


def _members(value: object) -> Iterator[object]:
    if isinstance(value, (list, tuple, set, frozenset)):
        for each in value:
            yield from _members(each)
    else:
        yield value
