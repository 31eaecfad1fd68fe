"""The same work on both sides of a database, as the routes run it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession  # noqa: TC002  read at run time
from sqlalchemy.orm import Session  # noqa: TC002  as above

from bridge import Capacity, Database, PoolSettings
from bridge.routing.signature import read_function
from bridge.routing.units import UnitRunner

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

# Pairs of drivers by the one that the URL names; another pair is one more line.
PAIRS = ("postgresql+psycopg2", "postgresql+psycopg")
SIDES = ("sync", "async")


class Side:
    """Runs transactions on one engine of a `Database`."""

    def __init__(self, name: str, database: Database, capacity: Capacity | None = None) -> None:
        self.name = name
        self.database = database
        self.capacity = capacity or Capacity(database.pool.connections)
        self._units = UnitRunner(database, self.capacity, None)

    async def run(self, *steps: str | Callable[[], Any], deadline: float | None = None) -> Any:
        """Do *steps*, statements and functions, in one transaction; return the last statement's first value."""

        def legacy(session: Session) -> Any:
            value = None
            for step in steps:
                if isinstance(step, str):
                    value = read(session.execute(text(step)))
                else:
                    step()
            return value

        async def native(session: AsyncSession) -> Any:
            value = None
            for step in steps:
                if isinstance(step, str):
                    value = read(await session.execute(text(step)))
                else:
                    await asyncio.to_thread(step)
            return value

        if self.name == "sync":
            function = read_function(legacy)
            return await self._units.run_legacy(function, {}, lambda value: value, app_context=False, deadline=deadline)
        return await self._units.run_native(read_function(native), {}, lambda value: value, deadline=deadline)

    async def outcome(self, *steps: str | Callable[[], Any], deadline: float | None = None) -> tuple[str, str | None]:
        """Return the class and the SQLSTATE of what *steps* fail with."""
        try:
            value = await self.run(*steps, deadline=deadline)
        except Exception as error:  # noqa: BLE001  the outcome under test
            original = error.orig if isinstance(error, DBAPIError) else None
            return type(error).__name__, getattr(original, "pgcode", None)
        return "no error", str(value)

    @property
    def checked_out(self) -> int:
        pool: Any = self.pool
        return int(pool.checkedout())

    @property
    def pool(self) -> Any:
        database = self.database
        return (database.sync_engine if self.name == "sync" else database.async_engine.sync_engine).pool


@asynccontextmanager
async def side_of(
    name: str, pair: str, url: str, *, pool: PoolSettings | None = None, **options: Any
) -> AsyncIterator[Side]:
    """Make one side over *url*, and close it."""
    pool = pool or PoolSettings(size=1, overflow=0, timeout=5)
    make = partial(Database, make_url(url).set(drivername=pair), pool=pool, **options)
    side = Side(name, await asyncio.to_thread(make))
    try:
        yield side
    finally:
        await side.capacity.drain(deadline=5)
        await side.database.dispose()


def read(result: Any) -> Any:
    return result.scalar() if result.returns_rows else None


class OutcomeDiffers(AssertionError):
    """A side failed in another way than the other one does."""


def assert_outcome(actual: object, expected: object) -> None:
    if actual != expected:
        msg = f"{actual} instead of {expected}"
        raise OutcomeDiffers(msg)
