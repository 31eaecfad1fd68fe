"""Which names have values that are hidden."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

__all__ = ["hides", "named_in_text"]

BETWEEN: Final = "[_-]?"
WORD: Final = r"[\w-]*"
# Quoted as in JSON and HTML, or up to where a value ends in a query, a cookie, or a log.
VALUE: Final = r"""(?:"(?:[^"\\]|\\.)*(?:"|$)|'(?:[^'\\]|\\.)*(?:'|$)|(?!<hidden )[^\s&,;"'<>\]})]+)"""


@cache
def hides(globs: tuple[str, ...], name: str) -> bool:
    """Return whether one of *globs* stands for *name*; neither case nor ``_`` nor ``-`` counts."""
    return _names(globs).fullmatch(_squashed(name)) is not None


@cache
def named_in_text(globs: tuple[str, ...]) -> re.Pattern[str]:
    """Return what finds a name and its value in a text: ``"password": "x"``, ``token=x``, ``api_key: x``."""
    words = (WORD.join(BETWEEN.join(map(re.escape, _squashed(part))) for part in glob.split("*")) for glob in globs)
    names = "|".join(words) or r"(?!)"
    return re.compile(rf"""(?P<name>(?<![\w-])(?:{names})(?![\w-])["']?\s*[:=]\s*)(?P<value>{VALUE})""", re.IGNORECASE)


@cache
def _names(globs: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(
        "|".join(".*".join(map(re.escape, _squashed(glob).split("*"))) for glob in globs) or r"(?!)", re.DOTALL
    )


def _squashed(name: str) -> str:
    return name.casefold().replace("_", "").replace("-", "")
