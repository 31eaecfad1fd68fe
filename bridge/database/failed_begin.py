"""Discard an asyncpg connection on which a transaction could not begin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import event

from bridge.database.schema_change import has_sent_nothing

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.engine import ExceptionContext

__all__ = ["discard_after_failed_begin"]


def discard_after_failed_begin(engine: Engine) -> None:
    """
    Have *engine* discard a connection whose BEGIN has failed, as that of a serializable transaction on a standby does.

    asyncpg goes on to take it for one in a transaction: every later transaction would begin with a SAVEPOINT, which the server refuses.

    Does nothing for other drivers, which have no such state. Relies on `retry_after_ddl`.

    Args:
        engine: The synchronous face of an asynchronous engine.
    """
    if engine.dialect.driver == "asyncpg":
        event.listen(engine, "handle_error", _discard)


def _discard(context: ExceptionContext) -> None:
    connection = context.connection
    if connection is None or connection.invalidated or context.statement is None:
        return
    if has_sent_nothing(connection.connection):  # it failed on its way to the driver
        return
    adapted: Any = connection.connection.dbapi_connection
    # SQLAlchemy keeps the driver's transaction once it has begun, and does not tell by a public name. Should it keep it elsewhere one
    # day, nothing is discarded.
    if not adapted.autocommit and getattr(adapted, "_transaction", adapted) is None:
        context.is_disconnect = True
        context.invalidate_pool_on_disconnect = False
