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
    from sqlalchemy import Connection, Dialect, Engine
    from sqlalchemy.engine import ExceptionContext
    from sqlalchemy.pool import PoolProxiedConnection

__all__ = ["has_sent_nothing", "retry_after_ddl"]

NOTHING_SENT: Final = "bridge.nothing_sent"
# Drivers that prepare statements on their own account.
PREPARES: Final = frozenset({"asyncpg", "psycopg"})


def retry_after_ddl(engine: Engine) -> None:
    """
    Repeat the first statement of a transaction of *engine*, once, when DDL has made its prepared form unusable.

    A later statement raises `SchemaChanged`. Does nothing for a driver that prepares no statements. Must come before listeners that
    execute statements themselves, because it has to note whatever is sent.

    Args:
        engine: A synchronous engine, or the synchronous face of an asynchronous one.
    """
    if engine.dialect.driver in PREPARES:
        retry = Retry(engine.dialect)
        event.listen(engine, "begin", retry.begin)
        event.listen(engine, "do_execute", retry.execute)
        event.listen(engine, "do_executemany", retry.execute_many)
        event.listen(engine, "handle_error", retry.explain)


def has_sent_nothing(connection: PoolProxiedConnection) -> bool:
    """Return whether nothing was sent yet in the transaction of *connection*, on an engine of `retry_after_ddl`."""
    info = connection.record_info
    return info is not None and NOTHING_SENT in info


class Retry:
    """Knows which transactions have sent nothing yet; its methods listen to the events of one engine."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect

    def begin(self, connection: Connection) -> None:
        # The record's dictionary and not the connection's, which SQLAlchemy's own first statements have none of.
        info = connection.connection.record_info
        if info is not None:
            info[NOTHING_SENT] = True

    def execute(self, cursor: Any, statement: str, parameters: Any, context: Any) -> bool:
        connection = context.root_connection.connection
        if not _is_first(connection) or statement.lstrip()[:6].upper() == "MERGE ":  # whose rows are counted elsewhere
            return False
        try:
            self._dialect.do_execute(cursor, statement, parameters, context)
        except self._dialect.loaded_dbapi.Error as error:
            if not self._is_outdated(error):
                raise
            self._dialect.do_rollback(connection)
            # What SQLAlchemy does with this error and before the next statement: forget prepared statements older than now.
            context.handle_dbapi_exception(error)
            context.pre_exec()
            self._dialect.do_execute(cursor, statement, parameters, context)
        return True

    def execute_many(self, _cursor: Any, _statement: str, _parameters: Any, context: Any) -> None:
        _is_first(context.root_connection.connection)

    def explain(self, context: ExceptionContext) -> None:
        if self._is_outdated(context.original_exception):
            msg = (
                "a table was altered while this transaction used it, and it cannot go on: "
                "it is rolled back; run the whole unit of work again"
            )
            raise SchemaChanged(msg)

    def _is_outdated(self, error: BaseException) -> bool:
        # By type or by the server's function, because the message may be in any language.
        invalid = getattr(self._dialect.loaded_dbapi, "InvalidCachedStatementError", None)
        if invalid is not None and isinstance(error, invalid):
            return True
        return getattr(getattr(error, "diag", None), "source_function", None) == "RevalidateCachedQuery"


def _is_first(connection: PoolProxiedConnection) -> bool:
    """Tell whether nothing has been sent in the transaction of *connection*, and note that something is now."""
    info = connection.record_info
    return info is not None and bool(info.pop(NOTHING_SENT, False))
