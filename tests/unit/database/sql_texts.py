"""Texts of SQL in every spelling that a lexer allows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st

if TYPE_CHECKING:
    from random import Random

__all__ = ["soups", "spellings"]

GAPS: Final = (" ", "\n", "\t  ", "/* update t */", "-- it's; delete from t\n", "/**/", ' -- "\n')
# What texts are made of where anything may come next to anything: each piece begins, ends or hides something.
PIECES: Final = [
    "WITH a AS (SELECT 1 AS x)", "WITH", "AS (", ")", "(", ";", ",", "SELECT", "SELECT 1", "x FROM a", "UPDATE t SET n = 1",
    "DELETE FROM t", "INSERT INTO t VALUES (1)", "UPDATE t SET n = 1 RETURNING n", "INTO made", "FROM t", "FOR UPDATE", "EXPLAIN",
    "ANALYZE", '("analyze")', "VALUES (1)", "1", "'", "''", '"', "E'", "\\", "\\'", "$$", "$a$", "$A$", "--", "\n", "\r", "/*", "*/",
    "`", "[", "]", " ", " ", " ",
]  # fmt: skip
ENDINGS: Final = (
    "",
    "UPDATE t SET n = 1",
    "DELETE FROM t",
    "INTO made",
    "FROM t FOR UPDATE",
    "UPDATE t SET n = 1 RETURNING n) SELECT 1",
)


@st.composite
def spellings(draw: Any, texts: list[str]) -> str:
    """Draw one of *texts*, with any gap for each blank outside of quotes, and its words in any case."""
    chance = draw(st.randoms(use_true_random=False))
    pieces = re.split(r"""('[^']*'|"[^"]*"|\$\$.*?\$\$)""", draw(st.sampled_from(texts)))
    return "".join(piece if index % 2 else _respelt(piece, chance) for index, piece in enumerate(pieces))


def _respelt(piece: str, chance: Random) -> str:
    cased = re.sub(r"\w+", lambda word: chance.choice([str.upper, str.lower, str.title])(word[0]), piece)
    return re.sub(" ", lambda _: chance.choice(GAPS), cased)


def soups(*openings: str) -> st.SearchStrategy[str]:
    """Return texts that begin with one of *openings*, go on with anything, and may end in a write."""
    anything = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)
    return st.builds("{}{}{}".format, st.sampled_from(openings), anything, st.sampled_from(ENDINGS))
