"""
Survive DDL that changes what a prepared statement returns.

PostgreSQL refuses to run such a statement, once on each connection that holds it, and the transaction is lost. If nothing else was
sent in it, it is begun again and the statement prepared anew, so that nobody notices. Otherwise only the caller knows what to repeat.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import event

from bridge.errors import SchemaChanged

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine import ExceptionContext

__all__ = ["retry_after_ddl"]

NOTHING_SENT: Final = "bridge.nothing_sent"
# Drivers that prepare statements on their own account.
PREPARES: Final = frozenset({"asyncpg", "psycopg"})


def retry_after_ddl(engine: Engine) -> None:
    """
    Repeat the first statement of a transaction of *engine*, once, when DDL has made its prepared form unusable.

    A later statement raises `SchemaChanged`. Does nothing for a driver that prepares no statements.

    Args:
        engine: A synchronous engine, or the synchronous face of an asynchronous one.
    """
    dialect = engine.dialect
    if dialect.driver not in PREPARES:
        return

    # The record's dictionary and not the connection's, which SQLAlchemy's own first statements have none of.
    def begin(connection: Connection) -> None:
        info = connection.connection.record_info
        if info is not None:
            info[NOTHING_SENT] = True

    def execute(cursor: Any, statement: str, parameters: Any, context: Any) -> bool:
        connection = context.root_connection.connection
        info = connection.record_info
        if not info or not info.pop(NOTHING_SENT, False):
            return False
        try:
            dialect.do_execute(cursor, statement, parameters, context)
        except dialect.loaded_dbapi.Error as error:
            if not _is_outdated(engine, error):
                raise
            dialect.do_rollback(connection)
            # What SQLAlchemy does with this error and before the next statement: forget prepared statements older than now.
            context.handle_dbapi_exception(error)
            context.pre_exec()
            dialect.do_execute(cursor, statement, parameters, context)
        return True

    def sent(_cursor: Any, _statement: str, _parameters: Any, context: Any) -> None:
        info = context.root_connection.connection.record_info
        if info:
            info.pop(NOTHING_SENT, None)

    def explain(context: ExceptionContext) -> None:
        if _is_outdated(engine, context.original_exception):
            msg = (
                "a table was altered while this transaction used it, and it cannot go on: "
                "it is rolled back; run the whole unit of work again"
            )
            raise SchemaChanged(msg)

    event.listen(engine, "begin", begin)
    event.listen(engine, "do_execute", execute)
    event.listen(engine, "do_executemany", sent)
    event.listen(engine, "handle_error", explain)


def _is_outdated(engine: Engine, error: BaseException) -> bool:
    # By type or by the server's function, because the message may be in any language.
    invalid = getattr(engine.dialect.loaded_dbapi, "InvalidCachedStatementError", None)
    if invalid is not None and isinstance(error, invalid):
        return True
    return getattr(getattr(error, "diag", None), "source_function", None) == "RevalidateCachedQuery"
