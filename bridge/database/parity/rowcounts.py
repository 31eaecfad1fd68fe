"""How many rows a batch or a MERGE touched: asyncpg does not say, so the ORM cannot notice that a row is gone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import event

from bridge.database.parity.errors import driver_error

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from sqlalchemy.engine import Engine

__all__ = ["count_rows"]

WRITES: Final = re.compile(r"\s*(?:INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
# A batch is counted by what it returns; where one of these is, RETURNING cannot just be put at the end.
UNFIT: Final = re.compile(r"\bRETURNING\b|;|\$\$", re.IGNORECASE)
RETURNING: Final = re.compile(r"\bRETURNING\b", re.IGNORECASE)


def count_rows(engine: Engine) -> None:
    """
    Have batches and MERGE on *engine* report their rows, and the ORM compare them with what it expected.

    A batch of UPDATE or DELETE stays one exchange with the server, however many rows it has. Inserts are sent as psycopg2's are,
    many rows to a statement.
    """
    dialect = engine.dialect
    dialect.supports_sane_multi_rowcount = True
    dialect.use_insertmanyvalues_wo_returning = True
    event.listen(engine, "do_executemany", _execute_batch)
    event.listen(engine, "do_execute", _execute_merge)


def _execute_batch(cursor: Any, statement: str, rows: Sequence[Sequence[Any]], context: Any) -> bool:
    if WRITES.match(statement) and not UNFIT.search(statement):
        # The first row goes the ordinary way, which begins the transaction and refreshes the types after DDL.
        cursor.execute(statement, rows[0])
        touched = cursor.rowcount
        if len(rows) > 1:
            counted = f"{statement}\nRETURNING 1"
            touched += len(_ask(context, lambda driver: driver.fetchmany(counted, rows[1:])))
    else:
        touched = sum(_execute_row(cursor, statement, row, context) for row in rows)
    _set_rowcount(context, touched)
    return True


def _execute_row(cursor: Any, statement: str, row: Sequence[Any], context: Any) -> int:
    if _is_merge(statement):
        return _merge(context, statement, row)
    cursor.execute(statement, row)
    touched: int = cursor.rowcount
    return max(touched, 0)


def _execute_merge(_cursor: Any, statement: str, parameters: Sequence[Any], context: Any) -> bool:
    if not _is_merge(statement):
        return False
    _set_rowcount(context, _merge(context, statement, parameters))
    return True


def _is_merge(statement: str) -> bool:
    # With RETURNING, it has rows to give, which the dialect reads.
    return statement.lstrip()[:6].upper() == "MERGE " and not RETURNING.search(statement)


def _merge(context: Any, statement: str, parameters: Sequence[Any]) -> int:
    connection = context.root_connection.connection
    if not connection.driver_connection.is_in_transaction():
        # The dialect begins a transaction with the first statement that it executes itself.
        connection.dbapi_connection.cursor().execute("SELECT 1", ())
    status: str = _ask(context, lambda driver: driver.execute(statement, *parameters))
    return int(status.rpartition(" ")[2])


def _ask(context: Any, call: Callable[[Any], Coroutine[Any, Any, Any]]) -> Any:
    try:
        return context.root_connection.connection.dbapi_connection.run_async(call)
    except Exception as error:
        raise driver_error(context.dialect, error) from error


def _set_rowcount(context: Any, touched: int) -> None:
    # The attribute that SQLAlchemy itself sets where it adds up the rows of several statements; there is no public one.
    context._rowcount = touched  # noqa: SLF001 - as said above
