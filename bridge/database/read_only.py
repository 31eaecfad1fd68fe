"""Units of work that only read: no transaction to begin and end, and no way to write by mistake."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import event

from bridge.errors import WriteInReadOnlyUnit

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Engine

__all__ = ["guard_reads", "reads_without_transaction", "refuse_write_in_savepoint"]

READS: Final = re.compile(r"\s*(?:SELECT|WITH|VALUES|TABLE|SHOW|EXPLAIN)\b", re.IGNORECASE)
# Locks would be released at once, and a CTE may write.
WRITES: Final = re.compile(
    r"\bFOR\s+(?:NO\s+KEY\s+)?UPDATE\b|\bFOR\s+(?:KEY\s+)?SHARE\b|\b(?:INSERT|MERGE)\s+INTO\b|\bDELETE\s+FROM\b"
    r"|\(\s*UPDATE\b|\bEXPLAIN\b.*\bANALY[SZ]E\b",
    re.IGNORECASE | re.DOTALL,
)
LITERAL: Final = re.compile(r"'(?:[^']|'')*'")
# Where each statement has a snapshot of its own anyway, nothing is lost without a transaction.
SNAPSHOT_PER_STATEMENT: Final = frozenset({None, "READ COMMITTED", "AUTOCOMMIT"})
# What a session needs to join a transaction that is not its own.
JOINS: Final = re.compile(r"SAVEPOINT|RELEASE|ROLLBACK\s+TO|SET\s+CONSTRAINTS", re.IGNORECASE)
# As many statements as SQLAlchemy keeps compiled.
REMEMBERED: Final = 500
REMEDY: Final = "run it without read_only, or move the write to an operation that is not read-only"


def reads_without_transaction(engine: Engine, isolation_level: str | None) -> bool:
    """
    Return whether reads on *engine* see the same rows without a transaction around them.

    True for PostgreSQL at READ COMMITTED. At a higher level, and on MySQL and SQLite, a transaction has one snapshot.

    Args:
        engine: The engine.
        isolation_level: Its isolation level, as `sqlalchemy.create_engine` takes it; None is the server's default.
    """
    return engine.dialect.name == "postgresql" and isolation_level in SNAPSHOT_PER_STATEMENT


def guard_reads(engine: Engine, *, only_if: Callable[[], bool] | None = None) -> None:
    """
    Refuse statements on *engine* that write, lock rows, set something or a savepoint, before they are sent.

    A function that a SELECT calls may write; that cannot be seen from here.

    Args:
        engine: The engine.
        only_if: Tells whether the running code is to be guarded; None guards everything.
    """
    # What a statement is does not change, and applications repeat theirs: this saves the second look.
    seen: set[str] = set()

    def before(_connection: Connection, _cursor: Any, statement: str, *_: object) -> None:
        if statement not in seen and (only_if is None or only_if()):
            _refuse_write(statement)
            if len(seen) < REMEMBERED:
                seen.add(statement)

    event.listen(engine, "before_cursor_execute", before)


def refuse_write_in_savepoint(_connection: Connection, _cursor: Any, statement: str, *_: object) -> None:
    """Do for a session on a connection that it shares, as a listener, what `guard_reads` does for an engine."""
    if not JOINS.match(statement):
        _refuse_write(statement)


def _refuse_write(statement: str) -> None:
    if not READS.match(statement) or WRITES.search(LITERAL.sub("''", statement)):
        keyword = statement.split(None, 1)[0] if statement.strip() else "an empty statement"
        msg = f"a read-only unit of work was to run {keyword}: {REMEDY}"
        raise WriteInReadOnlyUnit(msg)
