"""What the page says of async and threads is what was measured, and what it advises works."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from benchmarks.results import load
from bridge import Database
from legacy_sync.models import User
from tests.docs.pages import page

BY_KEY = select(User).where(User.id == bindparam("key"))


def test_the_table_shows_what_was_measured() -> None:
    measured = load("native")
    assert measured is not None
    shown = page("docs/explanation/async-or-threads.md")
    for row in measured["rows"]:
        if "options" not in row["way"]:
            assert f"| {row['way']} | {row['times_asyncpg']} |" in shown


async def test_a_statement_made_once_serves_both_paths(database_url: str) -> None:
    database = Database(database_url)
    async with database.async_unit_of_work(read_only=True) as session:
        user = (await session.scalars(BY_KEY, {"key": 3})).one()
    with database.unit_of_work(read_only=True) as legacy:
        assert legacy.scalars(BY_KEY, {"key": user.id}).one().username == user.username
    await database.dispose()
