"""
Recognise the statements that leave something behind in the session of their connection.

Only the text is looked at. What a function or a procedure does inside the server cannot be seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import Flag, auto
from functools import lru_cache
from typing import Final

__all__ = ["SessionState", "state_left_by"]

# Texts beyond this length are examined each time: a cache of them would cost more memory than it saves time.
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
    found = SessionState.NOTHING
    for state, pattern in PATTERNS.get(backend, ()):
        if pattern.search(statement):
            found |= state
    calls = len(SET_CONFIG.findall(statement)) if backend == "postgresql" else 0
    if calls > len(LOCALLY.findall(statement)):
        found |= SessionState.SETTINGS if FALSE.search(statement) else SessionState.DEPENDS
    return found


_examine_once = lru_cache(maxsize=1024)(_examine)


def _all_local(parameters: object) -> bool:
    # Of the parameters of set_config(name, value, is_local), only the last is a bool.
    values = parameters.values() if isinstance(parameters, Mapping) else parameters
    flags = [value for value in values if isinstance(value, bool)] if isinstance(values, Iterable) else []
    return bool(flags) and all(flags)


def _starting(words: str) -> re.Pattern[str]:
    """Match *words* where a statement of the text starts, after blanks and comments."""
    return re.compile(rf"(?:\A|;)(?:\s+|--[^\n]*(?:\n|\Z)|/\*.*?\*/)*(?:{words})", re.IGNORECASE | re.DOTALL)


def _anywhere(words: str) -> re.Pattern[str]:
    return re.compile(words, re.IGNORECASE | re.DOTALL)


SET_CONFIG: Final = _anywhere(r"\bset_config\s*\(")
LOCALLY: Final = _anywhere(r",\s*true\s*\)")
FALSE: Final = _anywhere(r"\bfalse\b")
PATTERNS: Final[Mapping[str, tuple[tuple[SessionState, re.Pattern[str]], ...]]] = {
    "postgresql": (
        (SessionState.SETTINGS, _starting(r"SET\s+(?!LOCAL\b|TRANSACTION\b|CONSTRAINTS\b)|RESET\b|DISCARD\b")),
        (
            SessionState.TEMPORARY_TABLES,
            _anywhere(
                r"\b(?:CREATE|REPLACE|INTO)\s+(?:(?:GLOBAL|LOCAL)\s+)?TEMP(?:ORARY)?\b(?!.*\bON\s+COMMIT\s+DROP\b)"
                r"|\bpg_temp\b"
            ),
        ),
        (SessionState.LOCKS, _anywhere(r"\bpg_(?:try_)?advisory_lock")),
        (SessionState.CHANNELS, _starting(r"LISTEN\b")),
        (SessionState.PREPARED_STATEMENTS, _starting(r"PREPARE\s+(?!TRANSACTION\b)")),
        (SessionState.CURSORS, _anywhere(r"\bWITH\s+HOLD\b")),
        # Its body is a program.
        (SessionState.EVERYTHING, _starting(r"DO\b")),
    ),
    "mysql": (
        (SessionState.SETTINGS, _starting(r"SET\s+(?!(?:GLOBAL|PERSIST\w*|TRANSACTION|PASSWORD)\b)|USE\b")),
        (SessionState.TEMPORARY_TABLES, _anywhere(r"\bCREATE\s+(?:OR\s+REPLACE\s+)?TEMPORARY\b")),
        (SessionState.LOCKS, _anywhere(r"\bGET_LOCK\s*\(|\bLOCK\s+TABLES?\b")),
        (SessionState.PREPARED_STATEMENTS, _starting(r"PREPARE\b")),
    ),
    "sqlite": (
        (SessionState.SETTINGS, _starting(r"PRAGMA\s+[\w.]+\s*=|ATTACH\b")),
        (SessionState.TEMPORARY_TABLES, _anywhere(r"\bCREATE\s+TEMP(?:ORARY)?\b|\bCREATE\s+\w+\s+temp\s*\.")),
    ),
}
