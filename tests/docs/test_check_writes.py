"""What the page on checking writes shows works as it says."""

from __future__ import annotations

from sqlalchemy import text

from bridge import Database, WriteCapture

TRIGGERS = text("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal")


async def test_triggers_are_installed_and_taken_away(database_url: str) -> None:
    database, tables = Database(database_url), ["users", "posts"]
    await WriteCapture(database).install(tables)
    async with database.async_unit_of_work() as session:
        assert await session.scalar(TRIGGERS) >= len(tables)
    await WriteCapture(database).uninstall(tables)
    async with database.async_unit_of_work() as session:
        assert await session.scalar(TRIGGERS) == 0
    await database.dispose()
