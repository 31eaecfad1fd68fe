"""Stop the statement that runs for a call whose caller has gone, and never the next one on its connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import event

from bridge.offload import arm, disarm, raise_if_stopped

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Engine

__all__ = ["make_stoppable"]

# Seconds for psycopg to reach the server; the request is repeated while the statement runs.
CANCEL_TIMEOUT_S: Final = 5.0


def make_stoppable(engine: Engine) -> None:
    """
    Have what runs on *engine* inside `offload` stop when the caller is cancelled or its deadline passes.

    A transaction can be stopped from its BEGIN to its COMMIT or ROLLBACK. The running statement ends with the driver's error, no
    further statement begins, and a COMMIT becomes a `WorkStopped`; so all of it is rolled back. A COMMIT that has begun is not
    interrupted, because nobody could tell whether it took place. Outside of `offload`, nothing changes.

    Does nothing for a driver that cannot stop a statement: psycopg2, psycopg, SQLite, PyMySQL and mysqlclient can.
    """
    stop = STOPS.get(engine.dialect.driver)
    if stop is None:
        return

    def begin(connection: Connection) -> None:
        driver = connection.connection.dbapi_connection
        arm(id(driver), lambda: stop(engine, driver))

    def commit(connection: Connection) -> None:
        # Disarmed first: past this point the transaction may be in the database already.
        disarm(id(connection.connection.dbapi_connection))
        raise_if_stopped()

    def roll_back(connection: Connection) -> None:
        # One that is closed or lost has been given back; asking it for its driver would raise, in place of the caller's error.
        if not (connection.closed or connection.invalidated):
            disarm(id(connection.connection.dbapi_connection))

    def give_back(driver: Any, *_: object) -> None:
        # The pool's own ROLLBACK, and whatever ended without ours: nothing may hit the connection's next tenant.
        disarm(id(driver))

    event.listen(engine, "begin", begin)
    event.listen(engine, "begin_twophase", lambda connection, _xid: begin(connection))
    event.listen(engine, "before_cursor_execute", _before_statement)
    event.listen(engine, "commit", commit)
    event.listen(engine, "prepare_twophase", lambda connection, _xid: commit(connection))
    event.listen(engine, "rollback", roll_back)
    event.listen(engine, "rollback_twophase", lambda connection, _xid, _prepared: roll_back(connection))
    event.listen(engine, "reset", give_back)
    event.listen(engine, "checkin", give_back)
    event.listen(engine, "invalidate", give_back)


def _before_statement(_connection: Any, _cursor: Any, statement: str, *_: object) -> None:
    # A driver's cancel does nothing between two statements, so the second must not begin; but its caller may have to get back
    # to a savepoint to end the transaction.
    if not statement.startswith("ROLLBACK"):
        raise_if_stopped()


def _cancel(_engine: Engine, driver: Any) -> None:
    driver.cancel()


def _cancel_safe(_engine: Engine, driver: Any) -> None:
    # Unlike psycopg's cancel(), it is encrypted where the connection is.
    driver.cancel_safe(timeout=CANCEL_TIMEOUT_S)


def _interrupt(_engine: Engine, driver: Any) -> None:
    driver.interrupt()


def _kill_query(engine: Engine, driver: Any) -> None:
    # MySQL has no cancel in its protocol: it takes a second connection. A pool made like the engine's has its connect arguments
    # and its listeners, and is not exhausted.
    pool = engine.pool.recreate()
    try:
        other = pool.connect()
        cursor = other.cursor()
        cursor.execute(f"KILL QUERY {int(driver.thread_id())}")
        cursor.close()
        other.close()
    finally:
        pool.dispose()


STOPS: Final[dict[str, Callable[[Engine, Any], None]]] = {
    "psycopg2": _cancel,
    "psycopg": _cancel_safe,
    "pysqlite": _interrupt,
    "pymysql": _kill_query,
    "mysqldb": _kill_query,
}
