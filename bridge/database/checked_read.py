"""
Reads that are checked: nothing they do is kept, and two of them can see the same rows.

A path that is checked reads in a READ ONLY transaction, so that whatever it tries to write is refused by the server, elsewhere
than on PostgreSQL by the text of the statement, and noticed here. Where both paths have to see the same rows, both transactions import one exported snapshot (PostgreSQL,
`SET TRANSACTION SNAPSHOT`). A context variable carries this, so that every unit of work below takes part: those of the bridge, and
those that a Flask view opens for itself.
"""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import event, text

from bridge.database.parity import sqlstate_of
from bridge.database.read_only import refuse_write
from bridge.errors import WriteInReadOnlyUnit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine import ExceptionContext
    from sqlalchemy.ext.asyncio import AsyncEngine

__all__ = ["CheckedRead", "checked_read", "exported_snapshot", "is_checked_read", "watch_checked_reads"]

# read_only_sql_transaction
WROTE: Final = "25006"
# What PostgreSQL answers to the name of a snapshot that is gone: undefined_object since version 17, before it
# invalid_parameter_value.
VANISHED: Final = frozenset({"42704", "22023"})


@dataclass(slots=True)
class CheckedRead:
    """
    One run of a path that is checked.

    Attributes:
        snapshot: Name of the exported snapshot that it reads; None for one of its own.
        wrote: Whether it tried to write.
        vanished: Whether the snapshot was gone when it was to be imported.
    """

    snapshot: str | None = None
    wrote: bool = False
    vanished: bool = False


CURRENT: Final[ContextVar[CheckedRead | None]] = ContextVar("bridge.database.checked_read", default=None)


@contextmanager
def checked_read(snapshot: str | None = None) -> Iterator[CheckedRead]:
    """
    Make every transaction that begins in the block a checked one.

    Args:
        snapshot: Name of the exported snapshot that they read; None for one each.
    """
    read = CheckedRead(snapshot)
    token = CURRENT.set(read)
    try:
        yield read
    finally:
        CURRENT.reset(token)


def is_checked_read() -> bool:
    """Return whether the running code is checked."""
    return CURRENT.get() is not None


def watch_checked_reads(engine: Engine) -> None:
    """Have *engine*, or the synchronous face of an asynchronous one, take part in checked reads."""
    if engine.dialect.name == "postgresql":
        event.listen(engine, "begin", _begin)
    else:
        event.listen(engine, "before_cursor_execute", _refuse)
    event.listen(engine, "handle_error", _notice)


@asynccontextmanager
async def exported_snapshot(engine: AsyncEngine) -> AsyncIterator[str | None]:
    """
    Yield the name of a snapshot that other transactions can import until the block ends; None where the database has none.

    Takes a connection of *engine* meanwhile.
    """
    if engine.dialect.name != "postgresql":
        yield None
        return
    async with engine.connect() as keeper:
        with checked_read():
            await keeper.begin()
        yield await keeper.scalar(text("SELECT pg_export_snapshot()"))


def _begin(connection: Connection) -> None:
    read = CURRENT.get()
    if read is None:
        return
    # Goes with BEGIN, and is taken back when the connection is returned.
    connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    if read.snapshot is not None:
        # The server has made the name up: letters, digits and dashes.
        connection.exec_driver_sql(f"SET TRANSACTION SNAPSHOT '{read.snapshot}'")


def _refuse(connection: Connection, _cursor: Any, statement: str, *_: object) -> None:
    if is_checked_read():
        refuse_write(connection.dialect.name, statement)


def _notice(context: ExceptionContext) -> None:
    read = CURRENT.get()
    if read is None:
        return
    error: Any = context.original_exception
    state = sqlstate_of(error)
    if state == WROTE or isinstance(error, WriteInReadOnlyUnit):
        read.wrote = True
    elif state in VANISHED and (context.statement or "").startswith("SET TRANSACTION SNAPSHOT"):
        read.vanished = True
