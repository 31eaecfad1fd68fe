"""Read JSON without losing how its numbers were written."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

__all__ = ["Number", "Numbers", "read_json", "write_json"]


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


def write_json(value: Any) -> str:
    """Return the text of what `read_json` read, each number with the digits that it had."""
    if isinstance(value, Number):
        return value.text
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {write_json(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(write_json, value)) + "]"
    return json.dumps(value)
