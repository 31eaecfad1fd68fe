"""
Keep what one unit of work leaves in its session from the next on the same connection.

A connection that nothing was left on goes back to the pool as it is. On PostgreSQL, what was left is taken back by statements that
keep the driver's prepared statements and what ``connect`` listeners have set; DISCARD ALL would keep neither. To know what they have
set, a connection has to be asked before it is used, so the first that would need it is replaced instead, and from then on each is
asked once. On other databases the connection is always replaced.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import event

from bridge.database.session_state import SessionState, state_left_by
from bridge.errors import SessionStateRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Engine
    from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = ["leaves_locks", "refuse_session_state", "reset_session_state"]

LEFT: Final = "bridge.session_state"
BASELINE: Final = "bridge.session_baseline"
REPLACE: Final = "bridge.session_replace"

# DEALLOCATE ALL would take the statements that drivers prepare through the protocol as well.
DEALLOCATE: Final = """DO $$ DECLARE statement text; BEGIN
FOR statement IN SELECT name FROM pg_prepared_statements WHERE from_sql LOOP EXECUTE format('DEALLOCATE %I', statement); END LOOP;
END $$"""
UNDO: Final = {
    SessionState.CURSORS: "CLOSE ALL",
    SessionState.SETTINGS: "SET SESSION AUTHORIZATION DEFAULT; RESET ROLE; RESET ALL",
    SessionState.CHANNELS: "UNLISTEN *",
    SessionState.LOCKS: "SELECT pg_advisory_unlock_all()",
    SessionState.PREPARED_STATEMENTS: DEALLOCATE,
    SessionState.TEMPORARY_TABLES: "DISCARD TEMP",
}
# One statement that sets again what listeners have set, or NULL. The server quotes the values.
READ_BASELINE: Final = """SELECT 'SELECT ' || string_agg(format('set_config(%L, %L, false)', name, setting), ', ') FROM (
SELECT name, setting FROM pg_settings WHERE source = 'session'
UNION ALL SELECT 'role', current_setting('role') WHERE current_setting('role') <> 'none') AS changed"""


def reset_session_state(engine: Engine, *, always: bool) -> None:
    """
    Reset a connection of *engine* when it is returned with something left in its session.

    Args:
        engine: A synchronous engine, or the synchronous face of an asynchronous one.
        always: Reset at every return, whatever was seen: for state that functions in the database leave behind. Costs a round trip.
    """
    sessions = Sessions(engine, always=always)
    if not always:
        event.listen(engine, "before_cursor_execute", sessions.note)
    event.listen(engine, "checkout", sessions.ask)
    event.listen(engine, "reset", sessions.reset)
    event.listen(engine, "checkin", sessions.replace)


class Sessions:
    """The sessions of one engine's connections; its methods listen to the engine's events."""

    def __init__(self, engine: Engine, *, always: bool) -> None:
        self._dialect = engine.dialect
        self._always = always
        self._run = _runner(engine) if engine.dialect.name == "postgresql" else None
        self._baselines_wanted = always

    def note(self, connection: Connection, _cursor: Any, statement: str, parameters: Any, *_: object) -> None:
        left = state_left_by(self._dialect.name, statement, parameters)
        if left:
            connection.info[LEFT] = connection.info.get(LEFT, SessionState.NOTHING) | left

    def ask(self, connection: Any, record: Any, _proxy: Any) -> None:
        if self._baselines_wanted and self._run and BASELINE not in record.info:
            record.info[BASELINE] = self._run(connection, READ_BASELINE)

    def reset(self, connection: Any, record: Any, state: Any) -> None:
        left = SessionState.EVERYTHING if self._always else record.info.pop(LEFT, None)
        if not left or state.terminate_only:
            return
        if self._run is None or BASELINE not in record.info:
            self._baselines_wanted = True
            record.info[REPLACE] = True
            return
        self._dialect.do_rollback(connection)
        undo = [statement for kind, statement in UNDO.items() if kind in left]
        if SessionState.SETTINGS in left and record.info[BASELINE]:
            undo.append(record.info[BASELINE])
        self._run(connection, "; ".join(undo))

    def replace(self, _connection: Any, record: Any) -> None:
        if record.info.pop(REPLACE, False):
            record.invalidate()


def leaves_locks(connection: AsyncConnection) -> bool:
    """Tell whether a statement on *connection*, whose engine resets what is left, took a lock that its transaction does not release."""
    info = connection.sync_connection.info if connection.sync_connection else {}
    return SessionState.LOCKS in info.get(LEFT, SessionState.NOTHING)


def refuse_session_state(engine: Engine) -> None:
    """
    Have *engine* raise `SessionStateRefused` instead of a statement that would leave something in its session.

    Behind a pooler in transaction mode it would be left for whoever gets the server's connection next.
    """
    backend = engine.dialect.name

    def refuse(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: object) -> None:
        left = state_left_by(backend, statement, parameters)
        if left:
            kinds = ", ".join((kind.name or "").lower().replace("_", " ") for kind in left)
            msg = (
                f"{' '.join(statement.split()[:3])!r} would leave {kinds} in the session of a connection that is shared: "
                "use SET LOCAL, set_config(..., true), pg_advisory_xact_lock(), ON COMMIT DROP, or a connection of its own"
            )
            raise SessionStateRefused(msg)

    event.listen(engine, "before_cursor_execute", refuse)


def _runner(engine: Engine) -> Callable[[Any, str], str | None]:
    """Return what runs statements in one round trip outside of a transaction, and returns the first value of the last result."""
    if engine.dialect.driver != "asyncpg":
        return _run

    def run(connection: Any, sql: str) -> str | None:
        # execute() takes several statements and returns no rows, fetchval() the other way round.
        async def on(driver: Any) -> str | None:
            if sql == READ_BASELINE:
                value: str | None = await driver.fetchval(sql)
                return value
            await driver.execute(sql)
            return None

        answer: str | None = connection.run_async(on)
        return answer

    return run


def _run(connection: Any, sql: str) -> str | None:
    before = connection.autocommit
    connection.autocommit = True
    cursor = connection.cursor()
    try:
        cursor.execute(sql)
        row = cursor.fetchone() if sql == READ_BASELINE else None
    finally:
        cursor.close()
        connection.autocommit = before
    return row[0] if row else None
