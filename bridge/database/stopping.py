"""Stop the statement that runs for a call whose caller has gone, and never the next one on its connection."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import event

from bridge.database.libpq import canceller
from bridge.database.stop_settings import StopSettings
from bridge.offload import arm, disarm, guard, raise_if_stopped, spare

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Engine

__all__ = ["make_stoppable", "shut_down"]

KEY: Final = "bridge.stop"
# Seconds for psycopg to reach the server; the request is repeated while the statement runs.
CANCEL_TIMEOUT_S: Final = 5.0


def make_stoppable(engine: Engine, settings: StopSettings | None = None) -> None:
    """
    Have what runs on *engine* inside `offload` stop when the caller is cancelled or its deadline passes.

    A transaction can be stopped from its BEGIN to its COMMIT or ROLLBACK. The running statement ends with the driver's error, no
    further statement begins, and a COMMIT becomes a `WorkStopped`; so all of it is rolled back. A COMMIT that has begun is not
    interrupted, because nobody could tell whether it took place. Outside of `offload`, nothing changes.

    Where asking the server does not help within ``cut_after`` seconds, the connection is cut, from its checkout to its checkin: the
    thread gets the driver's error, and the pool opens another one. That can happen to a COMMIT, too. It is done for psycopg2 and psycopg.

    Does nothing for a driver that cannot stop a statement: psycopg2, psycopg, SQLite, PyMySQL and mysqlclient can.

    Args:
        engine: A synchronous engine.
        settings: How long to wait.
    """
    if engine.dialect.driver not in STOPS:
        return
    stopping = _Stopping(engine, (settings or StopSettings()).cut_after)
    event.listen(engine, "connect", stopping.connect)
    event.listen(engine, "begin", stopping.begin)
    event.listen(engine, "begin_twophase", stopping.begin)
    event.listen(engine, "before_cursor_execute", _before_statement)
    event.listen(engine, "commit", stopping.commit)
    event.listen(engine, "prepare_twophase", stopping.commit)
    event.listen(engine, "rollback", stopping.roll_back)
    event.listen(engine, "rollback_twophase", stopping.roll_back)
    event.listen(engine, "reset", stopping.reset)
    for ending in ("checkin", "invalidate", "detach", "close"):
        event.listen(engine, ending, stopping.give_back)
    if engine.dialect.driver in WITH_SOCKET:
        event.listen(engine, "checkout", stopping.check_out)
        _guard_ping(engine, stopping.check_out)


class _Stopping:
    """The events of one engine."""

    def __init__(self, engine: Engine, patience: float) -> None:
        self._engine = engine
        self._make_stop = STOPS[engine.dialect.driver]
        self._patience = patience

    def connect(self, driver: Any, record: Any) -> None:
        record.info[KEY] = self._make_stop(self._engine, driver)

    def check_out(self, driver: Any, *_: object) -> None:
        guard(id(driver), partial(shut_down, driver), patience=self._patience)

    def begin(self, connection: Connection, *_: object) -> None:
        driver = connection.connection.dbapi_connection
        arm(id(driver), connection.info.get(KEY) or self._make_stop(self._engine, driver))

    def commit(self, connection: Connection, *_: object) -> None:
        # Spared first: past this point the transaction may be in the database already.
        spare(id(connection.connection.dbapi_connection))
        raise_if_stopped()

    def roll_back(self, connection: Connection, *_: object) -> None:
        if connection.closed or connection.invalidated:  # given back already
            return
        spare(id(connection.connection.dbapi_connection))

    def reset(self, driver: Any, *_: object) -> None:
        # The pool's own ROLLBACK.
        spare(id(driver))

    def give_back(self, driver: Any, *_: object) -> None:
        # Nothing may hit the connection's next tenant.
        disarm(id(driver))


def _guard_ping(engine: Engine, check_out: Callable[[Any], None]) -> None:
    # The pool's test of a connection comes before its checkout event, and no other event comes before it.
    ping = engine.dialect.do_ping

    def guarded(dbapi_connection: Any) -> bool:
        check_out(dbapi_connection)
        return ping(dbapi_connection)

    engine.dialect.do_ping = guarded  # type: ignore[method-assign]  # no event comes before the pool's ping


def _before_statement(_connection: Any, _cursor: Any, statement: str, *_: object) -> None:
    # A driver's cancel does nothing between two statements, so the second must not begin; but its caller may have to get back
    # to a savepoint to end the transaction.
    if not statement.startswith("ROLLBACK"):
        raise_if_stopped()


def shut_down(driver: Any) -> None:
    """Cut the connection of *driver*, which tells the number of its socket: whoever waits for it gets the driver's error."""
    # Not close: the thread that waits for this socket would not notice, and its number could be given to another one.
    with socket.socket(fileno=os.dup(driver.fileno())) as twin, suppress(OSError):
        twin.shutdown(socket.SHUT_RDWR)


def _cancel_through_libpq(_engine: Engine, driver: Any) -> Callable[[], object]:
    return canceller(driver) or driver.cancel


def _cancel_safe(_engine: Engine, driver: Any) -> Callable[[], object]:
    # Unlike psycopg's cancel(), it is encrypted where the connection is.
    return partial(driver.cancel_safe, timeout=CANCEL_TIMEOUT_S)


def _interrupt(_engine: Engine, driver: Any) -> Callable[[], object]:
    return driver.interrupt  # type: ignore[no-any-return]  # drivers are not typed


def _kill_query(engine: Engine, driver: Any) -> Callable[[], object]:
    # MySQL has no cancel in its protocol: it takes a second connection. A pool made like the engine's has its connect arguments
    # and its listeners, and is not exhausted.
    def kill() -> None:
        pool = engine.pool.recreate()
        try:
            other = pool.connect()
            cursor = other.cursor()
            cursor.execute(f"KILL QUERY {int(driver.thread_id())}")
            cursor.close()
            other.close()
        finally:
            pool.dispose()

    return kill


STOPS: Final[dict[str, Callable[[Engine, Any], Callable[[], object]]]] = {
    "psycopg2": _cancel_through_libpq,
    "psycopg": _cancel_safe,
    "pysqlite": _interrupt,
    "pymysql": _kill_query,
    "mysqldb": _kill_query,
}
# Drivers whose connections tell the number of their socket.
WITH_SOCKET: Final = frozenset({"psycopg2", "psycopg"})
