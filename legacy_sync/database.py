"""Engine, schema and the request-scoped session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from flask import Flask, current_app, g
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from legacy_sync.models import Base

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

CONNECT_TIMEOUT_SECONDS: Final = 5


@dataclass(frozen=True, slots=True)
class Database:
    """What ``app.extensions["database"]`` holds."""

    engine: Engine
    sessions: scoped_session[Session]


def build_engine(url: URL) -> Engine:
    """Return an engine for a PostgreSQL or SQLite URL; it connects lazily."""
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url)
        event.listen(engine, "connect", _enforce_foreign_keys)
        return engine
    connect_args: dict[str, Any] = {}
    if "connect_timeout" not in url.query:
        connect_args["connect_timeout"] = CONNECT_TIMEOUT_SECONDS
    return create_engine(url, pool_pre_ping=True, connect_args=connect_args)


def create_schema(engine: Engine) -> None:
    """Create the tables that do not exist yet."""
    Base.metadata.create_all(engine)


def drop_schema(engine: Engine) -> None:
    """Drop the application's tables with everything in them."""
    Base.metadata.drop_all(engine)


def init_database(app: Flask, engine: Engine) -> None:
    """Give the application one session per application context, removed with that context."""
    sessions = scoped_session(sessionmaker(bind=engine), scopefunc=_context_key)
    app.extensions["database"] = Database(engine=engine, sessions=sessions)
    app.teardown_appcontext(_remove_session)


def db_session() -> Session:
    """Return the current application context's session. Raises RuntimeError outside a context."""
    return _database().sessions()


def _database() -> Database:
    return cast("Database", current_app.extensions["database"])


def _context_key() -> object:
    # Not the thread: a context nested in another one must not close the outer one's session.
    return g.setdefault("database_scope", object())


def _remove_session(_error: BaseException | None = None) -> None:
    _database().sessions.remove()


def _enforce_foreign_keys(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()
