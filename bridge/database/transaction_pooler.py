"""Work through a pooler that gives each transaction another connection of the server, such as PgBouncer in transaction mode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Engine

__all__ = ["is_pooled", "prepare_nothing"]

# A named statement stays on the server's connection, where the next transaction does not find it and somebody else trips over it.
# asyncpg needs both: the first stops asyncpg from naming statements, the second SQLAlchemy from keeping them. psycopg2 has none.
CONNECT_ARGUMENTS: Final[Mapping[str, Mapping[str, object]]] = {
    "asyncpg": {"statement_cache_size": 0, "prepared_statement_cache_size": 0},
    "psycopg": {"prepare_threshold": None},
}


def prepare_nothing(engine: Engine) -> None:
    """Have connections of *engine* leave no prepared statement on the server."""
    arguments = CONNECT_ARGUMENTS.get(engine.dialect.driver, {})

    def add(_dialect: Any, _record: Any, _arguments: Any, options: dict[str, Any]) -> None:
        options.update(arguments)

    event.listen(engine, "do_connect", add)


def is_pooled(driver: Any) -> bool:
    """
    Tell whether a pooler answers *driver*, a psycopg2 or psycopg connection. Blocks for one round trip.

    A pooler makes up the process id that it sends at connection time, because that id is also the address of a cancel request; the
    server behind it has another. This holds for a pooler of any mode.
    """
    announced = driver.info.backend_pid
    cursor = driver.cursor()
    cursor.execute("SELECT pg_backend_pid()")
    (actual,) = cursor.fetchone()
    cursor.close()
    return bool(announced != actual)
