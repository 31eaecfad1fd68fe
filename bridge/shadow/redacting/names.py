"""Which names have values that are hidden."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["hides", "named_values"]

NAME: Final = re.compile(r"""(?<![\w-])(?P<word>[\w-]++)["']?\s*+[:=]\s*""")
# Quoted as in JSON and HTML, or up to where a value ends in a query, a cookie, or a log.
VALUE: Final = re.compile(
    r"""(?:"(?:[^"\\]|\\.)*(?:"|$)|'(?:[^'\\]|\\.)*(?:'|$)|(?!<hidden )[^\s&,;"'<>\]})]+)""", re.DOTALL
)


@lru_cache(maxsize=10_000)
def hides(globs: tuple[str, ...], name: str) -> bool:
    """Return whether one of *globs* stands for *name*; neither case nor ``_`` nor ``-`` counts."""
    return _names(globs).fullmatch(_squashed(name)) is not None


def named_values(globs: tuple[str, ...], text: str) -> Iterator[tuple[int, int]]:
    """Yield where in a text there is a value whose name hides it: ``"password": "x"``, ``token=x``, ``api_key: x``."""
    done = 0
    for name in NAME.finditer(text):
        # What looks like another name may be part of a value that is hidden already.
        if name.start() >= done and hides(globs, name["word"]) and (value := VALUE.match(text, name.end())):
            done = value.end()
            yield value.start(), done


@cache
def _names(globs: tuple[str, ...]) -> re.Pattern[str]:
    patterns = (".*".join(map(re.escape, _squashed(glob).split("*"))) for glob in globs)
    return re.compile("|".join(patterns) or r"(?!)", re.DOTALL)


def _squashed(name: str) -> str:
    return name.casefold().replace("_", "").replace("-", "")
