"""Ask the database server and its pooler how many connections they accept."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from bridge.database.deployment import PgBouncerLimits, ServerLimits

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

__all__ = ["pgbouncer_limits", "server_limits"]

LIMITS: Final = text("""SELECT
current_setting('max_connections')::int,
current_setting('superuser_reserved_connections')::int + coalesce(current_setting('reserved_connections', true), '0')::int,
nullif(least(
  nullif((SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user), -1),
  nullif((SELECT datconnlimit FROM pg_database WHERE datname = current_database()), -1)
), -1)""")


def server_limits(connection: Connection) -> ServerLimits | None:
    """Return the limits of the server behind *connection*, or None where it is no server, or one whose limits we cannot ask for."""
    if connection.dialect.name != "postgresql":
        return None
    most, reserved, narrower = connection.execute(LIMITS).one()
    return ServerLimits(max_connections=most, reserved=reserved, narrower=narrower)


def pgbouncer_limits(engine: Engine) -> PgBouncerLimits | None:
    """
    Return the limits that the PgBouncer behind *engine* shows to its user, or None if it shows none. Blocks.

    PgBouncer lets those users ask that its settings ``stats_users`` and ``admin_users`` name.
    """
    arguments, options = engine.dialect.create_connect_args(engine.url.set(database="pgbouncer"))
    try:
        # Not through the engine: the console speaks no SQL, so whatever SQLAlchemy asks of a new connection fails.
        with closing(engine.dialect.connect(*arguments, **options)) as console:
            found = _settings(console)
            return PgBouncerLimits(
                default_pool_size=int(found["default_pool_size"]),
                max_client_conn=int(found["max_client_conn"]),
                reserve_pool_size=int(found["reserve_pool_size"]),
            )
    except (engine.dialect.loaded_dbapi.Error, KeyError, ValueError):
        return None


def _settings(console: Any) -> dict[str, str]:
    console.autocommit = True
    cursor = console.cursor()
    cursor.execute("SHOW CONFIG")
    return {row[0]: row[1] for row in cursor.fetchall()}
