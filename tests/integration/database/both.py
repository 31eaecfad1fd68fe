"""Run one body on both engines, and describe what came of it so that the two can be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from anyio import to_thread
from sqlalchemy.exc import SQLAlchemyError

from bridge.database import constraint_of, sqlstate_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection
    from sqlalchemy.orm import Session

    from bridge import Database

ENGINES = ("sync", "async")


def outcome_of(body: Callable[[Any], Any], target: Any) -> str:
    """Call *body*, and return the text of its result or of its error."""
    try:
        return repr(body(target))
    except (SQLAlchemyError, ValueError, OverflowError) as error:
        return f"{type(error).__name__} {sqlstate_of(error)} {constraint_of(error)}"


async def on_connection(database: Database, engine: str, body: Callable[[Connection], Any]) -> str:
    """Run *body* in a transaction that is rolled back, on *engine*."""
    if engine == "async":
        async with database.async_engine.connect() as connection:
            return await connection.run_sync(lambda connection: outcome_of(body, connection))
    return await to_thread.run_sync(_on_sync_connection, database, body)


async def in_session(database: Database, engine: str, body: Callable[[Session], Any]) -> str:
    """Run *body* with a session of *engine*, and roll back."""
    if engine == "async":
        async with database.async_sessions() as session:
            return await session.run_sync(lambda session: outcome_of(body, session))
    return await to_thread.run_sync(_in_sync_session, database, body)


def _on_sync_connection(database: Database, body: Callable[[Connection], Any]) -> str:
    with database.sync_engine.connect() as connection:
        return outcome_of(body, connection)


def _in_sync_session(database: Database, body: Callable[[Session], Any]) -> str:
    with database.sessions() as session:
        return outcome_of(body, session)
