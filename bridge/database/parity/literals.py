"""The SQL type that a value has when psycopg2 writes it into the statement."""

from __future__ import annotations

import math
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import IntEnum, auto
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["INTEGER_BITS", "SUSPECT", "VALUED", "Family", "Literal", "literal"]


class Family(IntEnum):  # of int, because a plain Enum computes its hash in Python, four times as slowly
    """What a parameter is declared as, by the cast that the dialect put after it."""

    INTEGER = auto()
    SMALLINT = auto()
    BIGINT = auto()
    NUMERIC = auto()
    FLOAT = auto()
    STRING = auto()
    BOOLEAN = auto()
    DATE = auto()
    TIME = auto()
    TIMESTAMP = auto()
    TIMESTAMPTZ = auto()
    INTERVAL = auto()
    NONE = auto()
    """No cast: the server infers the type from where the parameter stands."""
    NULL_TEST = auto()
    """No cast, and nothing to infer a type from, because all that is asked is whether it is NULL."""
    TESTED = auto()
    """No cast, asked in one place whether it is NULL and used in another."""
    OTHER = auto()
    """A cast to a type that is left to the driver."""


# Replaces the cast; with a leading "+", comes before it; None leaves it.
Literal = tuple[str | None, Any]

INTEGER_BITS: Final = {Family.SMALLINT: 15, Family.INTEGER: 31, Family.BIGINT: 63}
# PostgreSQL types an integer literal by its size: https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-CONSTANTS-NUMERIC
LITERAL_BITS: Final = (("INTEGER", 31), ("BIGINT", 63))
ANY_NUMBER: Final = frozenset({Family.NUMERIC, Family.FLOAT})


def literal(family: Family, value: Any) -> Literal:
    """Return the cast that *value* has to have in place of the declared *family*, and what to send for it."""
    if family is Family.NULL_TEST:
        return "TEXT", None if value is None else ""
    rule = RULES.get(type(value))
    return rule(family, value) if rule and family is not Family.OTHER else (None, value)


def _fits(value: int, bits: int) -> bool:
    return -(1 << bits) <= value < 1 << bits


def _integer(family: Family, value: int) -> Literal:
    if family in ANY_NUMBER or (family in INTEGER_BITS and _fits(value, INTEGER_BITS[family])):
        return None, value
    return next(((name, value) for name, bits in LITERAL_BITS if _fits(value, bits)), ("NUMERIC", Decimal(value)))


def _float(family: Family, value: float) -> Literal:
    if family in ANY_NUMBER:
        return None, value
    # The text of a float is a numeric literal, which an integer column rounds.
    return ("NUMERIC", Decimal(repr(value))) if math.isfinite(value) else ("FLOAT", value)


def _text(family: Family, value: str) -> Literal:
    # What a literal in quotes means is up to where it stands, and it stands where something was declared.
    return (None if family in {Family.STRING, Family.NONE} else "+VARCHAR"), value


def _datetime(family: Family, value: datetime) -> Literal:
    if family is Family.TIMESTAMPTZ or (family is Family.TIMESTAMP and value.tzinfo is None):
        return None, value
    return ("TIMESTAMP WITHOUT TIME ZONE" if value.tzinfo is None else "TIMESTAMP WITH TIME ZONE"), value


def _time(family: Family, value: time) -> Literal:
    return (None if family is Family.TIME else f"TIME WITH{'OUT' if value.tzinfo is None else ''} TIME ZONE"), value


def _typed(own: Family, name: str, *also: Family) -> Callable[[Family, Any], Literal]:
    return lambda family, value: (None if family is own or family in also else name, value)


RULES: Final[dict[type, Callable[[Family, Any], Literal]]] = {
    int: _integer,
    float: _float,
    str: _text,
    datetime: _datetime,
    time: _time,
    bool: _typed(Family.BOOLEAN, "BOOLEAN"),
    Decimal: _typed(Family.NUMERIC, "NUMERIC", Family.FLOAT),
    date: _typed(Family.DATE, "DATE"),
    timedelta: _typed(Family.INTERVAL, "INTERVAL"),
    bytes: _typed(Family.OTHER, "BYTEA"),
    UUID: _typed(Family.OTHER, "UUID"),
}

SAMPLES: Final = (1, 1.5, "", datetime.min, time(), True, Decimal(1), date.min, timedelta(), b"", UUID(int=0))  # noqa: DTZ901 - only their types count
# Declared as one thing, given as another. What the server infers from is looked at as well: it may turn out to be another.
SUSPECT: Final = frozenset(
    [(family, type(value)) for family in Family for value in SAMPLES if literal(family, value)[0]]
    + [(Family.NONE, str), (Family.NULL_TEST, type(None))]
    + [(Family.TESTED, type(value)) for value in (*SAMPLES, None)]
)
# Here it depends on the value.
VALUED: Final = frozenset([*((family, int) for family in INTEGER_BITS), (Family.TIMESTAMP, datetime)])
