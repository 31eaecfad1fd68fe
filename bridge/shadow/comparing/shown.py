"""Show two values, so that what differs is in sight."""

from __future__ import annotations

import json
from itertools import takewhile
from typing import Any, Final

from bridge.shadow.comparing.document import Number

__all__ = ["shown", "shown_pair", "storable"]

# Long enough for a sentence, short enough for a table.
LONGEST: Final = 200
BEFORE: Final = 40
DEPTH: Final = 6
MEMBERS: Final = 20
CHUNK: Final = 1024


def shown(value: Any) -> str:
    """Return *value* as JSON of at most 200 characters."""
    return _cut(_written(value), 0)


def shown_pair(control: Any, candidate: Any) -> tuple[str, str]:
    """Return both values as JSON of at most 200 characters, from shortly before where they begin to differ."""
    texts = _written(control), _written(candidate)
    start = max(0, _common(*texts) - BEFORE) if max(map(len, texts)) > LONGEST else 0
    return _cut(texts[0], start), _cut(texts[1], start)


def storable(text: str) -> str:
    """Return *text* so that every database takes it: no NUL, and no half of a surrogate pair."""
    return text.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode()


def _common(control: str, candidate: str) -> int:
    """Return how many characters at the beginning are the same."""
    start = 0
    while control[start : start + CHUNK] == candidate[start : start + CHUNK] and start < len(control):
        start += CHUNK
    pairs = zip(control[start : start + CHUNK], candidate[start : start + CHUNK], strict=False)
    return start + sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _cut(text: str, start: int) -> str:
    end = start + LONGEST
    return ("..." if start else "") + text[start:end] + ("..." if end < len(text) else "")


def _written(value: Any) -> str:
    return storable(_json(value, DEPTH))


def _json(value: Any, depth: int) -> str:
    if isinstance(value, Number):
        return value.text
    if isinstance(value, (dict, list)):
        if not value:
            return "{}" if isinstance(value, dict) else "[]"
        if depth == 0:
            return "{...}" if isinstance(value, dict) else "[...]"
        more = ", ..." if len(value) > MEMBERS else ""
        if isinstance(value, dict):
            pairs = list(value.items())[:MEMBERS]
            return "{" + ", ".join(f"{_json(key, 0)}: {_json(each, depth - 1)}" for key, each in pairs) + more + "}"
        return "[" + ", ".join(_json(each, depth - 1) for each in value[:MEMBERS]) + more + "]"
    return json.dumps(value, ensure_ascii=False)
