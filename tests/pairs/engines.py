"""The pairs of drivers, and the engines over them with and without the bridge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import create_engine, event, make_url
from sqlalchemy.ext.asyncio import create_async_engine

from bridge import Database, PoolSettings

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

__all__ = ["COLUMNS", "PAIRS", "PROCESS_ZONE", "SERVER_ZONE", "SESSION_ZONE", "Pair", "async_engine", "sync_engine"]

# Three zones, none of them whole hours apart from another, so that a value that took the wrong one shows it.
SERVER_ZONE: Final = "Asia/Kolkata"
SESSION_ZONE: Final = "America/St_Johns"
PROCESS_ZONE: Final = "Pacific/Chatham"
# MariaDB knows no names of zones until somebody loads them.
MYSQL_SESSION_ZONE: Final = "-03:30"

#: ``bare``: the engines that SQLAlchemy makes; ``bridge``: those of `bridge.Database`.
COLUMNS: Final = ("bare", "bridge")


@dataclass(frozen=True, slots=True)
class Pair:
    """
    Two drivers of one database.

    Attributes:
        name: Both drivers, the synchronous one first.
        backend: SQLAlchemy's name of the database.
        given: The scheme of a URL by which `bridge.Database` chooses this pair.
        sync: The synchronous driver.
        asynchronous: The asynchronous driver.
    """

    name: str
    backend: str
    given: str
    sync: str
    asynchronous: str


PAIRS: Final = (
    Pair("psycopg2 / asyncpg", "postgresql", "postgresql", "psycopg2", "asyncpg"),
    Pair("psycopg 3 / psycopg 3 async", "postgresql", "postgresql+psycopg", "psycopg", "psycopg_async"),
    Pair("sqlite3 / aiosqlite", "sqlite", "sqlite", "pysqlite", "aiosqlite"),
    Pair("PyMySQL / aiomysql", "mysql", "mysql", "pymysql", "aiomysql"),
)


def sync_engine(pair: Pair, column: str, url: str) -> Engine:
    """Make the synchronous engine of *pair* over the database at *url*."""
    if column == "bridge":
        engine = _database(pair, url).sync_engine
    else:
        engine = create_engine(make_url(url).set(drivername=f"{pair.backend}+{pair.sync}"))
    _set_up(pair, column, engine)
    return engine


def async_engine(pair: Pair, column: str, url: str) -> AsyncEngine:
    """Make the asynchronous engine of *pair* over the database at *url*."""
    if column == "bridge":
        engine = _database(pair, url).async_engine
    else:
        engine = create_async_engine(make_url(url).set(drivername=f"{pair.backend}+{pair.asynchronous}"))
    _set_up(pair, column, engine.sync_engine)
    return engine


def _database(pair: Pair, url: str) -> Database:
    given = make_url(url).set(drivername=pair.given)
    if pair.backend == "postgresql":
        given = given.update_query_dict({"options": f"-c TimeZone={SESSION_ZONE}"})
    # Two drivers are compared, and one case leaves a cursor open at its COMMIT; what becomes of that is not the drivers' doing.
    return Database(given, pool=PoolSettings(session_state="keep"))


def _set_up(pair: Pair, column: str, engine: Engine) -> None:
    # Bare, the drivers have no argument for it in common.
    if pair.backend == "postgresql" and column == "bare":
        _on_connect(engine, f"SET TIME ZONE '{SESSION_ZONE}'")
    if pair.backend == "mysql":
        _on_connect(engine, f"SET time_zone = '{MYSQL_SESSION_ZONE}'")
    if pair.backend == "sqlite":
        # The files live as long as the run.
        _on_connect(engine, "PRAGMA synchronous = OFF")
        # The bridge asks for them on both sides; without them there would be no such error to compare.
        _on_connect(engine, "PRAGMA foreign_keys = ON")


def _on_connect(engine: Engine, statement: str) -> None:
    def execute(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute(statement)
        cursor.close()
        connection.commit()

    event.listen(engine, "connect", execute)
