"""Units of work on the only connection of either engine, so that each meets what the last has left."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from anyio import to_thread
from sqlalchemy import text

from bridge import Database, PoolSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from sqlalchemy.orm import Session

ENGINES = pytest.mark.parametrize("engine", ["sync", "async"])


class OneConnection:
    """Runs units of work on the only connection of one engine."""

    def __init__(self, database: Database, engine: str) -> None:
        self.database = database
        self.is_async = engine == "async"
        self.engine = database.async_engine.sync_engine if self.is_async else database.sync_engine

    async def run(self, work: Callable[[Session], Any]) -> Any:
        """Run *work* in a transaction that is committed."""
        if self.is_async:
            async with self.database.async_unit_of_work() as session:
                return await session.run_sync(work)

        def unit() -> Any:
            with self.database.unit_of_work() as session:
                return work(session)

        return await to_thread.run_sync(unit)

    async def scalar(self, *statements: str) -> Any:
        """Run the statements in one transaction, and return the first value of the last."""
        return await self.run(lambda session: [session.execute(text(each)).scalar_one() for each in statements][-1])

    async def hold_two(self, statement: str) -> list[Any]:
        """Run the statement on two connections that are out of the pool at once, and return its value on each."""
        engine = self.database.async_engine
        if self.is_async:
            async with engine.connect() as one, engine.connect() as other:
                return [await each.scalar(text(statement)) for each in (one, other)]

        def both() -> list[Any]:
            with self.engine.connect() as one, self.engine.connect() as other:
                return [each.scalar(text(statement)) for each in (one, other)]

        return await to_thread.run_sync(both)

    async def execute(self, *statements: str) -> None:
        """Run the statements in one transaction."""
        await self.run(lambda session: [session.execute(text(each)) for each in statements] and None)


@asynccontextmanager
async def one_connection(url: str, engine: str, *, size: int = 1, **settings: Any) -> AsyncIterator[OneConnection]:
    database = await to_thread.run_sync(lambda: Database(url, pool=PoolSettings(size=size, overflow=0, **settings)))
    try:
        yield OneConnection(database, engine)
    finally:
        await database.dispose()
