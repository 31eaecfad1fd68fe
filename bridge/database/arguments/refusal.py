"""
Read the value of a connect argument, or say what is wrong with it.

No error repeats a value: a misspelt name may stand before a password. For the same reason nothing is raised while another
exception, whose text has the value, is handled.
"""

from __future__ import annotations

import math
from contextlib import suppress
from typing import TYPE_CHECKING

from bridge.errors import InvalidConnectArgument

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["flag", "no_twin", "number", "one_of", "refusal", "whole"]

ON, OFF = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


def refusal(name: str, why: str) -> InvalidConnectArgument:
    """Return the error about the argument *name*."""
    return InvalidConnectArgument(f"the connect argument {name!r} {why}")


def no_twin(name: str, *, of: str, instead: str = "") -> InvalidConnectArgument:
    """Return the error about an argument that only one of two drivers understands, *of* being the other one."""
    keyword = "async_connect_args" if of in {"psycopg2", "psycopg", "PyMySQL", "sqlite3"} else "sync_connect_args"
    return refusal(
        name, f"has no twin in {of}: {instead}give it to one engine with {keyword}={{{name!r}: ...}}, or leave it out"
    )


def number(name: str, value: object) -> float:
    """Return *value* as a number, whether it came as one or as text."""
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        with suppress(ValueError, OverflowError):
            found = float(value)
            if math.isfinite(found):
                return found
    raise refusal(name, "must be a number")


def whole(name: str, value: object) -> int:
    """Return *value* as a whole number, whether it came as one or as text."""
    if isinstance(value, (int, str)) and not isinstance(value, bool):
        with suppress(ValueError):
            return int(value)
    raise refusal(name, "must be a whole number")


def flag(name: str, value: object) -> bool:
    """Return *value* as a truth value, whether it came as one or as text."""
    text = str(value).lower()
    if text in ON | OFF:
        return text in ON
    raise refusal(name, "must be true or false")


def one_of(name: str, value: object, choices: Iterable[str]) -> str:
    """Return *value* if it is one of *choices*."""
    allowed = sorted(choices)
    if isinstance(value, str) and value in allowed:
        return value
    raise refusal(name, f"must be one of {', '.join(allowed)}")
