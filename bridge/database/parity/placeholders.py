"""Read and replace the casts that the dialect puts after the parameters of a statement."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from bridge.database.parity.literals import Family

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["families", "recast", "split_tests"]

# Quoted text and comments come first, so that what looks like a parameter in them is passed over.
TOKENS: Final = re.compile(
    r"""
      '(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/
    | \$(?P<number>\d+)
      (?:
        (?P<cast>::
          (?P<name>
            SMALLINT | INTEGER | BIGINT | NUMERIC (?:\([\d,\ ]+\))? | FLOAT (?:\(\d+\))? | REAL | DOUBLE\ PRECISION
          | (?:VARCHAR|CHAR) (?:\(\d+\))? | TEXT | BOOLEAN | DATE | INTERVAL
          | (?P<clock>TIME|TIMESTAMP) (?:\(\d+\))? \ (?P<zone>WITH|WITHOUT) \ TIME\ ZONE
          )
          (?![\w\[(])
        )
      | (?P<other>::)
      | (?P<test>\s+IS\s+(?:NOT\s+)?NULL\b)?
      )
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
BY_NAME: Final = {
    "SMALLINT": Family.SMALLINT,
    "INTEGER": Family.INTEGER,
    "BIGINT": Family.BIGINT,
    "NUMERIC": Family.NUMERIC,
    "FLOAT": Family.FLOAT,
    "REAL": Family.FLOAT,
    "DOUBLE PRECISION": Family.FLOAT,
    "VARCHAR": Family.STRING,
    "CHAR": Family.STRING,
    "TEXT": Family.STRING,
    "BOOLEAN": Family.BOOLEAN,
    "DATE": Family.DATE,
    "INTERVAL": Family.INTERVAL,
}
# Inserts of many rows make statements of a hundred kilobytes: a few of those are kept, and many of the others.
LONG: Final = 10_000


def families(statement: str) -> tuple[Family, ...]:
    """Return what each parameter of *statement* is declared as, in the order of their numbers."""
    return _long_families(statement) if len(statement) > LONG else _short_families(statement)


def recast(statement: str, casts: Sequence[str | None]) -> str:
    """Return *statement* with the cast of each parameter replaced; see `bridge.database.parity.literals.Literal`."""
    return _recast(statement, tuple(casts)) if len(statement) <= LONG else _replace(statement, casts)


def split_tests(statement: str) -> tuple[str, tuple[int, ...]]:
    """
    Give each test for NULL of a parameter that is used elsewhere a parameter of its own, after all others.

    The server would infer text from the test, and refuse the other use.

    Returns:
        The statement, and the positions of the parameters that the new ones stand for.
    """
    declared = families(statement)
    tested: list[int] = []

    def one(match: re.Match[str]) -> str:
        position = int(match["number"]) - 1 if match["number"] else 0
        if not match["test"] or declared[position] is not Family.TESTED:
            return match[0]
        tested.append(position)
        return f"${len(declared) + len(tested)}::TEXT{match['test']}"

    return TOKENS.sub(one, statement), tuple(tested)


def _read(statement: str) -> tuple[Family, ...]:
    found: dict[int, set[Family]] = {}
    for match in TOKENS.finditer(statement):
        if match["number"]:
            found.setdefault(int(match["number"]), set()).add(_family(match))
    return tuple(map(_settle, (found.get(number, {Family.OTHER}) for number in range(1, max(found, default=0) + 1))))


def _settle(uses: set[Family]) -> Family:
    # A parameter may stand in several places, of which a test for NULL says nothing of its type.
    elsewhere = uses - {Family.NULL_TEST}
    if not elsewhere:
        return Family.NULL_TEST
    if Family.NULL_TEST in uses and elsewhere == {Family.NONE}:
        return Family.TESTED
    return elsewhere.pop() if len(elsewhere) == 1 else Family.OTHER


def _family(match: re.Match[str]) -> Family:
    if match["clock"]:
        if match["clock"].upper() == "TIME":
            return Family.TIME
        return Family.TIMESTAMPTZ if match["zone"].upper() == "WITH" else Family.TIMESTAMP
    if match["cast"]:
        return BY_NAME[match["name"].partition("(")[0].strip().upper()]
    if match["other"]:
        return Family.OTHER
    return Family.NULL_TEST if match["test"] else Family.NONE


def _replace(statement: str, casts: Sequence[str | None]) -> str:
    def one(match: re.Match[str]) -> str:
        cast = casts[int(match["number"]) - 1] if match["number"] else None
        if cast is None:
            return match[0]
        declared = match["cast"] or ""
        after = match[0][match.end("number") - match.start() + len(declared) :]
        kept = declared if cast.startswith("+") else ""
        return f"${match['number']}::{cast.removeprefix('+')}{kept}{after}"

    return TOKENS.sub(one, statement)


_short_families = lru_cache(maxsize=1024)(_read)
_long_families = lru_cache(maxsize=8)(_read)
_recast = lru_cache(maxsize=512)(_replace)
