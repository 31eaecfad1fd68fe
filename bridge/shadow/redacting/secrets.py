"""What was hidden, and under which mark, so that it is hidden everywhere and still seen to be the same or another."""

from __future__ import annotations

import html
import json
import re
from bisect import bisect_right
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from bridge.shadow.redacting.names import named_values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bridge.shadow.redacting.settings import Redaction

__all__ = ["Secrets"]

# A shorter one, such as 1234, occurs by chance wherever there are numbers.
SHORTEST: Final = 6
CARD: Final = re.compile(r"(?<![\d.])\d(?:[ -]?\d){12,18}(?![\d.])")
MARK: Final = "<hidden "
CUT: Final = "..."
# A shorter end of a text that was cut off tells nothing.
SHORTEST_END: Final = 3


class Secrets:
    """The secrets of one check."""

    def __init__(self, redaction: Redaction) -> None:
        """
        Args:
            redaction: What is hidden.
        """
        self._redaction = redaction
        self._numbers: dict[str, int] = {}
        self._everywhere: re.Pattern[str] | None = None

    def mark(self, text: str, kind: str = "") -> str:
        """
        Hide a value, here and wherever else it occurs.

        Args:
            text: The value.
            kind: What it is, where it is no text.

        Returns:
            What stands for it: the same for the same value.
        """
        if text.startswith(MARK):
            return text
        number = self._numbers.get(text)
        if number is None:
            number = self._numbers[text] = len(self._numbers) + 1
            self._everywhere = None
        return f"{MARK}{number}: {kind or f'{len(text)} characters'}>"

    def clean(self, text: str) -> str:
        """Return *text* without what is hidden elsewhere, what a pattern matches, and what has a name that hides it."""
        text = self._known().sub(lambda found: self.mark(self._plain(found[0])), text)
        for pattern in _patterns(self._redaction.hidden_patterns):
            text = pattern.sub(lambda found: self.mark(found[0]), text)
        if self._redaction.cards:
            text = CARD.sub(lambda found: self.mark(found[0]) if _is_card(found[0]) else found[0], text)
        parts, done = [], 0
        for start, end in named_values(self._redaction.hidden_fields, text):
            parts += [text[done:start], self._hide_named(text[start:end])]
            done = end
        return "".join([*parts, text[done:]])

    def touched(self, texts: list[str]) -> set[str]:
        """Return those of *texts* that `clean` might change. Looks at all of them at once, which is faster by far."""
        joined = "\n".join(texts)
        starts = [0, *accumulate(len(each) + 1 for each in texts)]
        found: set[str] = set()
        for start, end in self._places(joined):
            found.update(texts[bisect_right(starts, start) - 1 : bisect_right(starts, end)])
        return found

    def _places(self, text: str) -> Iterator[tuple[int, int]]:
        patterns = [self._known(), *_anywhere(self._redaction.hidden_patterns)]
        for pattern in [*patterns, CARD] if self._redaction.cards else patterns:
            for found in pattern.finditer(text):
                yield found.span()
        yield from named_values(self._redaction.hidden_fields, text)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was hidden so far."""
        return not self._numbers

    def clean_cut(self, text: str) -> str:
        """Return *text*, either end of which may be cut off in the middle of a secret, without secrets."""
        start, end = text.startswith(CUT), text.endswith(CUT)
        if start or end:
            for secret in self._long():
                for size in range(len(secret) - 1, SHORTEST_END - 1, -1):
                    if end and text.endswith(secret[:size] + CUT):
                        text = text[: -size - len(CUT)] + self.mark(secret) + CUT
                    if start and text.startswith(CUT + secret[-size:]):
                        text = CUT + self.mark(secret) + text[size + len(CUT) :]
        return self.clean(text)

    def _hide_named(self, value: str) -> str:
        quote_mark = value[0] if value[0] in "\"'" else ""
        if not quote_mark:
            return value if value in {"null", "true", "false", "None"} else self.mark(value)
        inner = value[1:-1] if len(value) > 1 and value.endswith(quote_mark) else value[1:]
        return quote_mark + self.mark(_unescaped(inner)) + quote_mark if inner else value

    def _long(self) -> list[str]:
        return sorted((each for each in self._numbers if len(each) >= SHORTEST), key=len, reverse=True)

    def _known(self) -> re.Pattern[str]:
        if self._everywhere is None:
            self._forms = {form: secret for secret in reversed(self._long()) for form in _forms(secret)}
            parts = (_bounded(form) for form in sorted(self._forms, key=len, reverse=True))
            self._everywhere = re.compile("|".join(parts) or r"(?!)")
        return self._everywhere

    def _plain(self, form: str) -> str:
        return self._forms[form]


def _forms(secret: str) -> set[str]:
    """Return how a secret may be written. What was found in a header or a cookie may be encoded already."""
    plain = {secret, unquote(secret), unquote_plus(secret)} if "%" in secret else {secret}
    return set().union(*map(_written, plain))


def _written(secret: str) -> set[str]:
    """Return a text as it is, in JSON, in a URL, in HTML."""
    encoded = secret.encode("utf-8", "surrogatepass")
    urls = {quote(encoded), quote(encoded, safe=""), quote_plus(encoded)}
    lower = {re.sub(r"%[0-9A-F]{2}", lambda found: found[0].lower(), url) for url in urls}
    documents = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    return {secret, html.escape(secret), html.escape(secret, quote=False)} | urls | lower | documents


def _bounded(form: str) -> str:
    return rf"(?<!\d){form}(?!\d)" if form.isdigit() else re.escape(form)


def _unescaped(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        return text


def _is_card(text: str) -> bool:
    """Return whether the last digit is the check digit of the others: ISO/IEC 7812-1, annex B."""
    digits = [int(each) for each in reversed(text) if each.isdecimal()]
    doubled = (sum(divmod(2 * each, 10)) for each in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


@cache
def _patterns(patterns: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    return tuple(map(re.compile, patterns))


@cache
def _anywhere(patterns: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """Return the patterns so that the start and the end of a line count as those of a text."""
    ends = {r"\A": "^", r"\Z": "$"}
    # Two characters at a time, because the second of two backslashes begins nothing.
    lines = (re.sub(r"\\.", lambda found: ends.get(found[0], found[0]), each, flags=re.DOTALL) for each in patterns)
    return tuple(re.compile(pattern, re.MULTILINE) for pattern in lines)
