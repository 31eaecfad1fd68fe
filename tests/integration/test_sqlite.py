"""The whole application on a SQLite file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from anyio import to_thread
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from bridge import Database, WriteInReadOnlyUnit
from bridge.database import checked_read
from legacy_sync.database import create_schema
from legacy_sync.models import Post
from legacy_sync.seed import PASSWORD, seed
from tests.conftest import running, settings_for

if TYPE_CHECKING:
    from pathlib import Path

    import httpx


@pytest.fixture
def url(tmp_path: Path) -> str:
    database = Database(f"sqlite:///{tmp_path / 'file.db'}")
    create_schema(database.sync_engine)
    with Session(database.sync_engine) as session:
        seed(session, users=12, posts=30)
    database.sync_engine.dispose()
    return f"sqlite:///{tmp_path / 'file.db'}"


async def drive(client: httpx.AsyncClient) -> list[tuple[int, str]]:
    account = {"username": "fresh", "email": "fresh@example.com", "password": "long enough"}
    answers = [
        await client.post("/auth/login", json={"username": "admin", "password": PASSWORD}),
        await client.get("/users/5"),
        await client.get("/users?keyword=user&size=3"),
        await client.get("/users/stats"),
        await client.get("/users/me"),
        await client.get("/posts?size=2"),
        await client.get("/reports/users.csv"),
        await client.post("/users", json=account),
        await client.post("/users", json=account),
        await client.patch("/users/13", json={"version": 1, "balance": "1.50"}),
        await client.patch("/users/13", json={"version": 1, "balance": "2.50"}),
        await client.post("/users/deactivate", json={"ids": [13, 4]}),
        await client.post("/users/4/posts", json={"title": "t", "body": "b", "rating": "4.50"}),
        await client.delete("/users/4"),
        await client.get("/users/4"),
    ]
    return [(answer.status_code, answer.text) for answer in answers]


STATUSES = [200, 200, 200, 200, 200, 200, 200, 201, 409, 200, 409, 200, 201, 204, 404]


@pytest.mark.parametrize("path", ["flask", "bridged", "native"])
async def test_every_path_works_on_a_sqlite_file(path: str, url: str) -> None:
    async with running(settings_for(path, url)) as (composition, client):
        answers = await drive(client)
        assert [status for status, _ in answers] == STATUSES, answers
        assert '"balance":"1.50"' in answers[9][1]

        def posts_of_the_deleted() -> int | None:
            with composition.bridge.database.unit_of_work() as session:
                return session.scalar(select(func.count()).select_from(Post).where(Post.author_id == 4))

        assert await to_thread.run_sync(posts_of_the_deleted) == 0, "foreign keys are enforced"


async def test_reads_are_the_same_on_every_path(url: str) -> None:
    bodies = {}
    for path in ("flask", "bridged", "native"):
        async with running(settings_for(path, url)) as (_, client):
            bodies[path] = [
                (await client.get(address)).content
                for address in ("/users/5", "/users?keyword=user_", "/users/stats", "/posts?size=50", "/users/99")
            ]
    assert bodies["flask"] == bodies["bridged"] == bodies["native"]


@pytest.mark.parametrize("read_only", [False, True])
def test_a_checked_read_refuses_a_write_after_a_cte(url: str, *, read_only: bool) -> None:
    """There only the text tells."""
    database = Database(url)
    write = text("WITH old AS (SELECT 1 AS id) UPDATE posts SET title = 'x' WHERE id IN (SELECT id FROM old)")
    with checked_read() as read:
        with pytest.raises(WriteInReadOnlyUnit), database.unit_of_work(read_only=read_only) as session:
            session.execute(write)
        assert read.wrote
    database.sync_engine.dispose()
