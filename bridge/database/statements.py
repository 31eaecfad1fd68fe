"""
Tell from its text whether a statement only reads.

What cannot be told counts as a write. What a function does that a SELECT calls is not in the text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["needs_transaction", "only_reads"]

# PostgreSQL takes every character beyond ASCII for a letter.
LETTER: Final = r"[\w$\x80-\U0010FFFF]"
STRING: Final = r"'(?:[^']|'')*+'"
IDENTIFIER: Final = r'"(?:[^"]|"")*+"'
BACKTICKED: Final = r"`(?:[^`]|``)*+`"
# Comments nest on PostgreSQL only, and MySQL runs those that begin with a ! or M!: neither is taken for a comment here.
COMMENT: Final = r"/\*(?!M?!)(?:(?!/\*).)*?\*/"
# A string with escapes that goes on after a line break has escapes there, too.
ESCAPED: Final = (
    rf"(?<!{LETTER})[Ee]'(?:[^'\\]|\\.|''|'(?:[ \t\f\v]|--[^\r\n]*+)*+[\r\n](?:\s|--[^\r\n]*+[\r\n])*+')*+'"
)
DOLLAR_QUOTED: Final = rf"(?<!{LETTER})\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$"


def _lexis(comment: str, *quoted: str) -> re.Pattern[str]:
    return re.compile(rf"(?P<comment>{COMMENT}|{comment})|{'|'.join(quoted)}", re.DOTALL)


MYSQL: Final = _lexis(
    r"(?:\#|--(?=\s|\Z))[^\n]*", r"'(?:[^'\\]|\\.|'')*+'", r'"(?:[^"\\]|\\.|"")*+"', BACKTICKED
)  # fmt: skip
LEXIS: Final[Mapping[str, re.Pattern[str]]] = {
    "postgresql": _lexis(r"--[^\r\n]*", ESCAPED, STRING, IDENTIFIER, DOLLAR_QUOTED),
    "sqlite": _lexis(r"--[^\n]*", STRING, IDENTIFIER, BACKTICKED, r"\[[^\]]*\]"),
    "mysql": MYSQL,
    "mariadb": MYSQL,
}
# Stands for whatever was quoted.
QUOTED: Final = " ? "
# The beginning of something that was not recognised.
UNCLEAR: Final = re.compile(r"""['"`]|/\*|(?<!\w)\$[^\W\d]|\$\$""")

READS: Final = re.compile(
    r"""[\s(]*+
    (?:EXPLAIN\b (?:\s+(?:VERBOSE|EXTENDED|QUERY\s+PLAN|FORMAT\s*=\s*\w+)\b)* (?:\s*\((?:(?!ANALY)[^()?])*\))?)?
    [\s(]*+ (?:SELECT|WITH|VALUES|TABLE|SHOW)\b""",
    re.IGNORECASE | re.VERBOSE,
)
# A lock would be released at once, and INTO makes a table. A digit may come right before a keyword.
WRITES: Final = re.compile(
    r"(?<![^\W\d])(?:FOR\s+(?:NO\s+KEY\s+)?UPDATE|FOR\s+(?:KEY\s+)?SHARE|LOCK\s+IN\s+SHARE|INTO)\b", re.IGNORECASE
)
# WITH may hold a write, or stand before one; what comes after a dot or AS is a name.
WITH: Final = re.compile(r"\bWITH\b", re.IGNORECASE)
CHANGES: Final = re.compile(r"(?<!\.)(?<!\bAS\s)\b(?:INSERT|UPDATE|DELETE|MERGE)\s+[\w?]", re.IGNORECASE)
LASTS_AS_LONG_AS_ITS_TRANSACTION: Final = re.compile(
    r"\b(?:set_config|pg_(?:try_)?advisory_xact_lock(?:_shared)?|pg_export_snapshot)\W*\(", re.IGNORECASE
)


def only_reads(backend: str, statement: str) -> bool:
    """
    Return whether *statement* neither writes nor locks rows nor sets anything, as far as its text tells.

    Args:
        backend: Name of the database, as SQLAlchemy has it.
        statement: What is sent to the driver; the text may hold several statements.
    """
    bare = LEXIS[backend].sub(lambda found: " " if found["comment"] else QUOTED, statement)
    parts = [" ".join(part.split()) for part in bare.split(";") if part.strip()]
    return bool(parts) and not UNCLEAR.search(bare) and all(_reads(part) for part in parts)


def _reads(part: str) -> bool:
    changes = WITH.search(part) and CHANGES.search(part)
    return bool(READS.match(part)) and not changes and not WRITES.search(part)


def needs_transaction(statement: str) -> bool:
    """Return whether *statement* calls a function of PostgreSQL's whose effect ends with the transaction: a setting, a lock, a snapshot."""
    return bool(LASTS_AS_LONG_AS_ITS_TRANSACTION.search(statement))
