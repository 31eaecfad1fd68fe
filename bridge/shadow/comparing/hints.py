"""What the request tells about the cause of a difference."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit

from bridge.shadow.comparing.document import Number

if TYPE_CHECKING:
    from bridge.shadow.exchange import RecordedRequest

__all__ = ["Hints"]

FALSE_WORDS: Final = frozenset({"false", "0", "off", "f", "no", "n"})
# What a wrong query value leads to, and what a wrong rendering cannot: another form of the same value says its own cause.
FOLLOWS_FROM_QUERY: Final = frozenset(
    {
        "json.value",
        "json.off_by_one",
        "json.string.case",
        "json.array_length",
        "json.array_order",
        "json.missing_item",
        "json.extra_item",
        "text.line",
        "text.missing_line",
        "text.extra_line",
        "status.success_for_error",
        "status.error_for_success",
    }
)
# Flask's converters take digits, and a UUID with dashes.
UNLIKE_FLASK: Final = re.compile(r"[+-]\d+|[+-]?\d+\.\d*|\d+_[\d_]+|[0-9a-fA-F]{32}|\{[0-9a-fA-F-]{36}\}")
LONGEST: Final = 8192


@dataclass(frozen=True, slots=True)
class Hints:
    """
    What to suspect first.

    Attributes:
        repeated: The first and the last value of each query parameter that has several, where these two differ.
        false_words: Whether a query parameter is a word for false.
        unlike_flask: Whether a part of the path is a number or UUID that Flask's converters do not match.
    """

    repeated: frozenset[tuple[str, str]] = frozenset()
    false_words: bool = False
    unlike_flask: bool = False

    @classmethod
    def of(cls, request: RecordedRequest) -> Hints:
        """Look at the request."""
        path, _, query = request.target[:LONGEST].partition("?")
        values: dict[str, list[str]] = {}
        for name, value in _pairs(query):
            values.setdefault(name, []).append(value)
        return cls(
            repeated=frozenset((each[0], each[-1]) for each in values.values() if each[0] != each[-1]),
            false_words=any(each[0].lower() in FALSE_WORDS for each in values.values()),
            unlike_flask=any(UNLIKE_FLASK.fullmatch(part) for part in path.split("/")),
        )

    def rename(self, rule: str, control: Any, candidate: Any) -> str:
        """Return the rule of a difference, which may follow from how the query was read."""
        if self.false_words and rule == "json.value" and control is True and candidate is False:
            return "query.bool"
        if self.repeated and (rule in FOLLOWS_FROM_QUERY or (_text(control), _text(candidate)) in self.repeated):
            return "query.last_value_wins"
        return rule


def _text(value: Any) -> str:
    return value.text if isinstance(value, Number) else str(value)


def _pairs(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(urlsplit(f"?{query}").query, keep_blank_values=True, max_num_fields=1000)
    except ValueError:
        return []
