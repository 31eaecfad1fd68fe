"""Units of work that only read: no transaction to begin and end, and no way to write by mistake."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import event

from bridge.errors import WriteInReadOnlyUnit

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

__all__ = ["begin_nothing", "guard_reads", "reads_without_transaction"]

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
# As many statements as SQLAlchemy keeps compiled.
REMEMBERED: Final = 500
IN_AUTOCOMMIT: Final = "bridge.in_autocommit"
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


def begin_nothing(engine: Engine) -> None:
    """
    Have the driver of *engine*, psycopg2 or psycopg, begin no transaction where SQLAlchemy does.

    ``isolation_level="AUTOCOMMIT"`` does the same, but psycopg2 then sends a SET for each unit of work, which costs what is saved.

    Args:
        engine: A variant of a synchronous engine with which it shares its pool.
    """

    def begin(connection: Connection) -> None:
        driver: Any = connection.connection.dbapi_connection
        if not driver.autocommit:
            driver.autocommit = True
            connection.info[IN_AUTOCOMMIT] = True

    def end(connection: Connection) -> None:
        if not connection.closed and not connection.invalidated:
            reset(connection.connection.dbapi_connection, connection)

    def reset(driver: Any, owner: Any, _state: object = None) -> None:
        if owner.info.pop(IN_AUTOCOMMIT, False):
            driver.autocommit = False

    event.listen(engine, "begin", begin)
    event.listen(engine, "commit", end)
    event.listen(engine, "rollback", end)
    # Of a session that was lost, the pool is the first to hear.
    event.listen(engine, "reset", reset)


def guard_reads(engine: Engine) -> None:
    """
    Refuse statements on *engine* that write, lock rows, set something or a savepoint, before they are sent.

    A function that a SELECT calls may write; that cannot be seen from here.
    """
    # What a statement is does not change, and applications repeat theirs: this saves the second look.
    seen: set[str] = set()

    def before(_connection: Connection, _cursor: Any, statement: str, *_: object) -> None:
        if statement not in seen:
            if not READS.match(statement) or WRITES.search(LITERAL.sub("''", statement)):
                keyword = statement.split(None, 1)[0] if statement.strip() else "an empty statement"
                msg = f"a read-only unit of work was to run {keyword}: {REMEDY}"
                raise WriteInReadOnlyUnit(msg)
            if len(seen) < REMEMBERED:
                seen.add(statement)

    event.listen(engine, "before_cursor_execute", before)
