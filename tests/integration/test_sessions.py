"""Objects stay in the session that made them."""

from typing import Any

import pytest
from pydantic import BaseModel
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from bridge import LazyLoadOutsideSession, LegacyIsAsync, LiveObjectReturned
from legacy_sync.models import Post, Tag, User
from tests.integration.application import Migration, migrating
from tests.integration.server_side import ServerSide, assert_nothing_leaked, checked_out


class TagRead(BaseModel):
    name: str


class PostRead(BaseModel):
    tags: list[TagRead]


class UserRead(BaseModel):
    username: str
    posts: list[PostRead]


def first_user(session: Session) -> User:
    return session.scalars(select(User).order_by(User.id)).all()[2]


async def first_user_natively(session: AsyncSession) -> User:
    """A port that forgot to load what the response reads."""
    return (await session.scalars(select(User).order_by(User.id))).all()[2]


def declare(migration: Migration) -> None:
    migration.router.get("/bare", legacy=first_user)(first_user_natively)
    migration.router.get("/shaped", legacy=first_user, response_model=UserRead)(first_user_natively)


@pytest.mark.parametrize("stage", ["legacy", "native"])
async def test_a_live_object_that_would_leave_its_session_is_an_error(
    stage: str, database_url: str, server: ServerSide
) -> None:
    async with migrating(database_url, declare, raising=True, default_stage=stage) as (migration, client):
        with pytest.raises(LiveObjectReturned, match="GET /bare returned a live User"):
            await client.get("/bare")
        await assert_nothing_leaked(migration.bridge.database, server)


async def test_a_bridged_function_may_load_lazily_while_its_result_is_read(database_url: str) -> None:
    async with migrating(database_url, declare) as (_, client):
        answer = (await client.get("/shaped")).json()
        assert answer["username"] == "user0003"
        assert answer["posts"]


async def test_a_port_that_needs_a_lazy_load_is_told_which(database_url: str, server: ServerSide) -> None:
    async with migrating(database_url, declare, raising=True, default_stage="native") as (migration, client):
        with pytest.raises(LazyLoadOutsideSession, match=r"GET /shaped returned an object whose 'posts' is not loaded"):
            await client.get("/shaped")
        await assert_nothing_leaked(migration.bridge.database, server)


async def test_a_port_whose_object_expired_is_told_to_refresh(database_url: str) -> None:
    def expiring(migration: Migration) -> None:
        @migration.router.get("/expired", response_model=TagRead)
        async def expired(session: AsyncSession) -> Tag:
            tag = (await session.scalars(select(Tag).limit(1))).one()
            session.expire(tag)
            return tag

    async with migrating(database_url, expiring, raising=True, default_stage="native") as (_, client):
        with pytest.raises(LazyLoadOutsideSession, match=r"'name' is not loaded.*or refresh\(\) the object"):
            await client.get("/expired")


async def test_a_call_from_any_route_is_one_unit_of_work(database_url: str, server: ServerSide) -> None:
    def rename(session: Session, tag_id: int, *, name: str) -> str:
        tag = session.get_one(Tag, tag_id)
        tag.name = name
        return name

    async def rename_natively(session: Session) -> None: ...

    async with migrating(database_url, lambda _: None) as (migration, _):
        assert await migration.bridge.call(rename, 1, name="renamed") == "renamed"
        assert server.rows("SELECT name FROM tags WHERE id = 1") == [("renamed",)]
        with pytest.raises(LiveObjectReturned, match="returned a live Tag"):
            await migration.bridge.call(lambda session: session.get_one(Tag, 1))
        with pytest.raises(LegacyIsAsync):
            await migration.bridge.call(rename_natively)  # type: ignore[unused-coroutine]  # it raises before there is one
        assert checked_out(migration.bridge.database) == 0


async def test_a_live_object_that_is_refused_undoes_what_was_written(database_url: str, server: ServerSide) -> None:
    def write_and_return(session: Session) -> Post:
        session.execute(text("UPDATE posts SET title = 'changed' WHERE id = 1"))
        return session.get_one(Post, 1)

    async with migrating(database_url, lambda _: None) as (migration, _):
        with pytest.raises(LiveObjectReturned):
            await migration.bridge.call(write_and_return)
        assert server.rows("SELECT count(*) FROM posts WHERE title = 'changed'") == [(0,)]


async def test_rendering_that_fails_undoes_what_was_written(database_url: str, server: ServerSide) -> None:
    """The result is rendered before the commit, so a response that cannot be made is no change either."""

    def write(session: Session) -> Any:
        session.execute(text("UPDATE posts SET title = 'changed' WHERE id = 1"))
        return {"no": "username"}

    def declare_write(migration: Migration) -> None:
        migration.router.post("/write", response_model=UserRead)(write)

    async with migrating(database_url, declare_write) as (_, client):
        assert (await client.post("/write")).status_code == 500
        assert server.rows("SELECT count(*) FROM posts WHERE title = 'changed'") == [(0,)]
