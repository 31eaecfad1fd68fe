"""Disposing of a database leaves no connection open."""

from __future__ import annotations

from anyio import to_thread
from sqlalchemy import text

from bridge import Database, PoolSettings
from tests.integration.server_side import ServerSide, until


async def test_disposing_leaves_no_connection_behind(database_url: str, server: ServerSide) -> None:
    database = Database(database_url, pool=PoolSettings(size=2, overflow=1))

    def work() -> None:
        with database.unit_of_work() as one, database.unit_of_work() as other:
            one.execute(text("SELECT 1"))
            other.execute(text("SELECT 1"))

    await to_thread.run_sync(work)
    async with database.async_unit_of_work() as session:
        await session.execute(text("SELECT 1"))
    assert len(server.connections()) == 3
    await database.dispose()
    await until(lambda: not server.connections())


async def test_a_disposed_database_can_be_used_again(database_url: str) -> None:
    database = Database(database_url)
    for _ in range(2):
        async with database.async_unit_of_work() as session:
            assert await session.scalar(text("SELECT 1")) == 1
        await to_thread.run_sync(database.check)
        await database.dispose()
