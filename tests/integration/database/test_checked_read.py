"""Reads that are checked keep nothing, and two of them see the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from anyio import to_thread
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bridge.database import checked_read, exported_snapshot
from tests.integration.database.both import ENGINES, in_session

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from bridge import Database


def count(session: Session) -> Any:
    return session.scalar(text("SELECT count(*) FROM users"))


def rename(session: Session) -> Any:
    return session.execute(text("UPDATE users SET email = 'x@example.org' WHERE id = 1"))


async def remove_a_post(database: Database) -> None:
    async with database.async_unit_of_work() as session:
        await session.execute(text("DELETE FROM post_tags"))
        await session.execute(text("DELETE FROM posts WHERE id = (SELECT min(id) FROM posts)"))


def posts(session: Session) -> Any:
    return session.scalar(text("SELECT count(*) FROM posts"))


@pytest.mark.parametrize("engine", ENGINES)
async def test_a_write_is_refused_and_noticed(engine: str, database: Database) -> None:
    with checked_read() as read:
        assert await in_session(database, engine, count) == "40"
        assert not read.wrote
        assert "25006" in await in_session(database, engine, rename)
    assert read.wrote


@pytest.mark.parametrize("engine", ENGINES)
async def test_outside_of_the_block_writes_go_on(engine: str, database: Database) -> None:
    with checked_read():
        await in_session(database, engine, count)
    assert "CursorResult" in await in_session(database, engine, rename)


async def test_both_engines_see_one_snapshot_whatever_is_written_meanwhile(database: Database) -> None:
    async with exported_snapshot(database.async_engine) as snapshot:
        await remove_a_post(database)
        for engine in ENGINES:
            assert await in_session(database, engine, posts) == "119"
            with checked_read(snapshot) as read:
                assert await in_session(database, engine, posts) == "120"
            assert not read.vanished
            assert not read.wrote


@pytest.mark.parametrize("engine", ENGINES)
async def test_every_transaction_of_a_run_sees_the_snapshot(engine: str, database: Database) -> None:
    """Legacy functions commit in the middle and go on."""

    def twice(session: Session) -> list[Any]:
        first = posts(session)
        session.commit()
        return [first, posts(session)]

    async with exported_snapshot(database.async_engine) as snapshot:
        await remove_a_post(database)
        with checked_read(snapshot):
            assert await in_session(database, engine, twice) == "[120, 120]"


@pytest.mark.parametrize("engine", ENGINES)
async def test_a_snapshot_that_is_gone_is_noticed(engine: str, database: Database) -> None:
    async with exported_snapshot(database.async_engine) as snapshot:
        pass
    with checked_read(snapshot) as read:
        assert "Error" in await in_session(database, engine, posts)
    assert read.vanished
    assert not read.wrote


async def test_read_only_units_take_part(database: Database) -> None:
    """They have no transaction elsewhere, and could import no snapshot without."""

    def in_thread() -> Any:
        with database.unit_of_work(read_only=True) as session:
            return posts(session)

    async with exported_snapshot(database.async_engine) as snapshot:
        await remove_a_post(database)
        with checked_read(snapshot):
            async with database.async_unit_of_work(read_only=True) as session:
                assert await session.run_sync(posts) == 120
            assert await to_thread.run_sync(in_thread) == 120


async def test_an_exported_snapshot_writes_nothing_itself(database: Database) -> None:
    async with exported_snapshot(database.async_engine) as snapshot:
        assert snapshot
    async with database.async_unit_of_work() as session:
        assert await session.scalar(text("SHOW transaction_isolation")) == "read committed"
        with pytest.raises(DBAPIError):
            await session.execute(text("SELECT 1 / 0"))
