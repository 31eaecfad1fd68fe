"""
Recognise the statements that leave something behind in the session of their connection.

Only the text is looked at. What a function or a procedure does inside the server cannot be seen.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import Flag, auto
from functools import lru_cache
from typing import Final

__all__ = ["SessionState", "state_left_by"]

# Longer texts are examined each time: they are seldom the same twice, and a cache of them would cost memory.
LONGEST_CACHED: Final = 4096


class SessionState(Flag):
    """What a statement may leave behind; some databases know only part of it."""

    NOTHING = 0
    SETTINGS = auto()
    TEMPORARY_TABLES = auto()
    LOCKS = auto()
    CHANNELS = auto()
    PREPARED_STATEMENTS = auto()
    CURSORS = auto()
    EVERYTHING = SETTINGS | TEMPORARY_TABLES | LOCKS | CHANNELS | PREPARED_STATEMENTS | CURSORS
    # set_config() whose third argument is a parameter: its value tells.
    DEPENDS = auto()


def state_left_by(backend: str, statement: str, parameters: object = ()) -> SessionState:
    """
    Return what *statement* leaves behind in its session once its transaction is committed.

    Args:
        backend: Name of the database, as SQLAlchemy has it.
        statement: What is sent to the driver; the text may hold several statements.
        parameters: What is sent with it.
    """
    examine = _examine_once if len(statement) <= LONGEST_CACHED else _examine
    found = examine(backend, statement)
    if SessionState.DEPENDS in found:
        found &= ~SessionState.DEPENDS
        if not _all_local(parameters):
            found |= SessionState.SETTINGS
    return found


def _examine(backend: str, statement: str) -> SessionState:
    # Substrings first: a regular expression takes milliseconds for the text of an INSERT of a thousand rows.
    found = SessionState.NOTHING
    commands = COMMANDS.get(backend, {})
    for first, second in _openings(statement):
        state, exceptions = commands.get(first, (SessionState.NOTHING, ()))
        if second not in exceptions:
            found |= state
    text = statement.lower()
    for state, keyword, pattern in CLAUSES.get(backend, ()):
        if keyword in text and pattern.search(text):
            found |= state
    if backend == "postgresql" and "set_config" in text and len(SET_CONFIG.findall(text)) > len(LOCALLY.findall(text)):
        found |= SessionState.SETTINGS if FALSE.search(text) else SessionState.DEPENDS
    return found


def _openings(statement: str) -> Iterator[tuple[str, str]]:
    """Yield the first two words of each statement of the text."""
    start = 0
    while start >= 0:
        opening = OPENING.match(statement, start)
        if opening:
            yield opening[1].lower(), opening[2].lower()
        start = statement.find(";", start) + 1 or -1


_examine_once = lru_cache(maxsize=1024)(_examine)


def _all_local(parameters: object) -> bool:
    # Of the parameters of set_config(name, value, is_local), only the last is a bool.
    values = parameters.values() if isinstance(parameters, Mapping) else parameters
    flags = [value for value in values if isinstance(value, bool)] if isinstance(values, Iterable) else []
    return bool(flags) and all(flags)


# After blanks and comments.
OPENING: Final = re.compile(r"(?:\s+|--[^\n]*(?:\n|\Z)|/\*.*?\*/)*(\w+)\s*([@\w]*)", re.DOTALL)
SET_CONFIG: Final = re.compile(r"\bset_config\s*\(")
# A call whose last argument it is; the others may have calls and quoted text in them.
LOCALLY: Final = re.compile(r"\bset_config\s*\((?:[^()']|'[^']*'|\((?:[^()]|\([^()]*\))*\))*,\s*true\s*\)")
FALSE: Final = re.compile(r"\bfalse\b")
# The state that a statement of this first word leaves, unless its second word is one of these.
COMMANDS: Final[Mapping[str, Mapping[str, tuple[SessionState, Collection[str]]]]] = {
    "postgresql": {
        "set": (SessionState.SETTINGS, {"local", "transaction", "constraints"}),
        "reset": (SessionState.SETTINGS, ()),
        "discard": (SessionState.SETTINGS, ()),
        "listen": (SessionState.CHANNELS, ()),
        "prepare": (SessionState.PREPARED_STATEMENTS, {"transaction"}),
        "do": (SessionState.EVERYTHING, ()),  # its body is a program
    },
    "mysql": {
        "set": (SessionState.SETTINGS, {"global", "persist", "persist_only", "transaction", "password"}),
        "use": (SessionState.SETTINGS, ()),
        "prepare": (SessionState.PREPARED_STATEMENTS, ()),
        "lock": (SessionState.LOCKS, ()),
    },
    "sqlite": {"attach": (SessionState.SETTINGS, ())},
}
# The state that a clause leaves, a word of it, and the clause, both in lower case.
CLAUSES: Final[Mapping[str, tuple[tuple[SessionState, str, re.Pattern[str]], ...]]] = {
    "postgresql": (
        (
            SessionState.TEMPORARY_TABLES,
            "temp",
            re.compile(
                r"\b(?:create|replace|into)\s+(?:(?:global|local)\s+)?temp(?:orary)?\b(?![^;]*\bon\s+commit\s+drop\b)|\bpg_temp\b",
                re.DOTALL,
            ),
        ),
        (SessionState.LOCKS, "advisory_lock", re.compile(r"\bpg_(?:try_)?advisory_lock")),
        (
            SessionState.SETTINGS,
            "pg_settings",
            re.compile(r"\bupdate\s+(?:only\s+)?(?:pg_catalog\s*\.\s*)?pg_settings\b"),
        ),
        (SessionState.CURSORS, "hold", re.compile(r"\bwith\s+hold\b")),
    ),
    "mysql": (
        (SessionState.TEMPORARY_TABLES, "temporary", re.compile(r"\bcreate\s+(?:or\s+replace\s+)?temporary\b")),
        (SessionState.SETTINGS, "@", re.compile(r":=|\binto\s+@")),
        (SessionState.LOCKS, "get_lock", re.compile(r"\bget_lock\s*\(")),
    ),
    "sqlite": (
        (SessionState.SETTINGS, "pragma", re.compile(r"\bpragma\s+[\w.]+\s*=")),
        (SessionState.TEMPORARY_TABLES, "temp", re.compile(r"\bcreate\s+temp(?:orary)?\b|\bcreate\s+\w+\s+temp\s*\.")),
    ),
}
