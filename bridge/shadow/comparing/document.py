"""Read JSON without losing how its numbers were written."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

__all__ = ["Number", "Numbers", "plain", "read_json"]


class Number(NamedTuple):
    """A number as it was written. JSON has no tuples, so it equals nothing else: 1.10 is not 1.1, and 1 is not true."""

    text: str


class Numbers(dict[str, Number]):
    """One `Number` for each text, so that equal numbers of two documents are one object, which is fast to compare."""

    def __missing__(self, text: str) -> Number:
        number = self[text] = Number(text)
        return number


def read_json(text: str, numbers: Numbers) -> Any:
    """
    Read a document, with every number, NaN and Infinity included, as a `Number`.

    Raises:
        ValueError: It is not JSON.
        RecursionError: It is nested too deeply to be read.
    """
    keep = numbers.__getitem__
    return json.loads(text, parse_int=keep, parse_float=keep, parse_constant=keep)


def plain(value: Any) -> Any:
    """Return *value* with ordinary numbers, so that it can be written as JSON; their digits may be lost."""
    if isinstance(value, Number):
        return json.loads(value.text)
    if isinstance(value, dict):
        return {key: plain(member) for key, member in value.items()}
    return [plain(member) for member in value] if isinstance(value, list) else value
