"""The same error on both engines: its class, what it carries, and whether the connection is lost."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import event, exc

from bridge.database.parity.diagnostics import Diagnostics
from bridge.database.parity.sqlstates import error_class_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Dialect, Engine, ExceptionContext

__all__ = ["align_errors", "driver_error"]


def align_errors(engine: Engine) -> None:
    """
    Have *engine* raise the classes of psycopg2, and give what it raises ``pgcode``, ``sqlstate`` and ``diag``.

    Does nothing for other databases than PostgreSQL.
    """
    if engine.dialect.driver == "asyncpg":
        event.listen(engine, "do_connect", _connect_through_us)
        event.listen(engine, "handle_error", _reclassify, retval=True)
    elif engine.dialect.name == "postgresql":
        event.listen(engine, "handle_error", _name_alike)


def driver_error(dialect: Dialect, error: Exception) -> Exception:
    """Return *error* of asyncpg as the class that its *dialect* has for it; any other error as it is."""
    dbapi: Any = dialect.loaded_dbapi
    name = type(error).__name__
    if isinstance(error, dbapi.exceptions_module.PostgresError):
        kind = getattr(dbapi, name, None) or getattr(dbapi, error_class_name(getattr(error, "sqlstate", None) or ""))
    elif isinstance(error, dbapi.exceptions_module.InterfaceError):
        kind = dbapi.InterfaceError
    else:
        return error
    wrapped: Exception = kind(str(error), error)
    return wrapped


def _name_alike(context: ExceptionContext) -> None:
    # Set on the one error, not on its class, which other libraries share. psycopg2 lacks sqlstate and psycopg lacks pgcode.
    error: Any = context.original_exception
    dbapi: Any = context.dialect.loaded_dbapi
    if isinstance(error, dbapi.Error):
        if not hasattr(error, "sqlstate"):
            error.sqlstate = getattr(error, "pgcode", None)
        if not hasattr(error, "pgcode"):
            error.pgcode = error.sqlstate


def _reclassify(context: ExceptionContext) -> BaseException | None:
    error: Any = context.original_exception
    dbapi: Any = context.dialect.loaded_dbapi
    if isinstance(error, dbapi.Error):
        return _of_the_server(context, error)
    if isinstance(error, OSError) and context.sqlalchemy_exception is None:
        return _of_the_network(context, dbapi.OperationalError(_reason(error), error))
    return None


def _of_the_server(context: ExceptionContext, error: Any) -> BaseException | None:
    error.diag = Diagnostics.of(error.orig)
    connecting = context.connection is None and not context.is_pre_ping
    if connecting or context.sqlalchemy_exception is None:
        return None
    if error.sqlstate:
        return _wrapped(context, error, error_class_name(error.sqlstate))
    # asyncpg knows that the connection is gone, and refuses to use it; psycopg2 finds out by using it.
    return _wrapped(context, error, "OperationalError") if context.is_disconnect else None


def _of_the_network(context: ExceptionContext, error: Any) -> BaseException:
    error.diag = Diagnostics()
    # A command's own time limit leaves the connection usable; any other failure of the socket does not.
    if not isinstance(error.orig, TimeoutError):
        context.is_disconnect = True
    return _wrapped(context, error, "OperationalError") or error


def _wrapped(context: ExceptionContext, error: Exception, name: str) -> exc.DBAPIError | None:
    kind: type[exc.DBAPIError] = getattr(exc, name)
    known = context.sqlalchemy_exception
    if type(known) is kind:
        return None
    return kind(
        context.statement,
        context.parameters,
        error,
        hide_parameters=context.engine.hide_parameters if context.engine else True,
        connection_invalidated=context.is_disconnect,
        code=kind.code,
        ismulti=known.ismulti if known else None,
    )


def _connect_through_us(dialect: Dialect, _record: object, _args: object, options: dict[str, Any]) -> None:
    # Returning a connection would silence the listeners that come after, which give out short-lived passwords, say. So only
    # the opening of the socket is replaced, by the argument that SQLAlchemy's `async_creator` sets as well.
    dbapi: Any = dialect.loaded_dbapi
    opener = options.get("async_creator_fn", dbapi.exceptions_module.connect)
    options["async_creator_fn"] = partial(_open, dbapi, opener)


async def _open(dbapi: Any, opener: Callable[..., Any], *args: Any, **options: Any) -> Any:
    try:
        return await opener(*args, **options)
    except (OSError, dbapi.exceptions_module.PostgresError) as error:
        msg = f"connection to server failed: {_reason(error)}"
        raise dbapi.OperationalError(msg, error) from error


def _reason(error: Exception) -> str:
    return str(error) or ("timeout expired" if isinstance(error, TimeoutError) else type(error).__name__)
