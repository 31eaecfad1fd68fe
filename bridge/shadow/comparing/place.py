"""The names of places, such as ``$.items[3].created_at``."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["below", "general", "line_place", "row_place"]

PLAIN: Final = re.compile(r"[^\W\d]\w*")
PLAIN_VALUE: Final = re.compile(r"[\w.:@+-]+")
# A quoted key stays; an index, or the key of a row, becomes a star.
BRACKETS: Final = re.compile(r'\["(?:[^"\\]|\\.)*"\]|\[(?:[^\]"]|"(?:[^"\\]|\\.)*")*\]')
LINE: Final = re.compile(r"^body line \d+")


def below(place: str, key: str) -> str:
    """Return the place of *key* in the object at *place*."""
    return f"{place}.{key}" if PLAIN.fullmatch(key) else f"{place}[{json.dumps(key)}]"


def row_place(table: str, key: Mapping[str, object]) -> str:
    """Return the place of a row: ``posts[id=7]``."""
    return f"{table}[{','.join(f'{column}={_plain(value)}' for column, value in key.items())}]"


def line_place(number: int) -> str:
    """Return the place of a line of a text, counted from 1."""
    return f"body line {number}"


def general(place: str) -> str:
    """Return *place* with a star for every index, line and key of a row: ``$.items[*].created_at``."""
    starred = BRACKETS.sub(lambda found: found[0] if found[0].startswith('["') else "[*]", place)
    return LINE.sub("body line *", starred)


def _plain(value: object) -> str:
    text = str(value)
    return text if PLAIN_VALUE.fullmatch(text) else json.dumps(text)
