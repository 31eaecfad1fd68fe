"""What a client sees of a fault is the same on every path."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession  # noqa: TC002  FastAPI reads annotations
from sqlalchemy.orm import Session  # noqa: TC002  FastAPI reads annotations

from tests.integration.application import Migration, migrating
from tests.integration.server_side import ServerSide, assert_nothing_leaked, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

DEADLINE_S = 0.3
QUERIES = {
    "lock": "SELECT count(*) FROM users",
    "slow": "SELECT pg_sleep(60)",
    "quick": "SELECT 7",
}
PATHS = ("flask", "bridged", "native")


def declare(settings: str, deadline: float | None, migration: Migration) -> None:
    """Declare each query on each path, after the statement *settings*."""

    def legacy(session: Session, query: str) -> dict[str, Any]:
        session.execute(text(settings))
        return {"value": session.scalar(text(QUERIES[query]))}

    def view(query: str) -> dict[str, Any]:
        with migration.bridge.database.unit_of_work() as session:
            return legacy(session, query)

    async def native(session: AsyncSession, query: str) -> dict[str, Any]:
        await session.execute(text(settings))
        return {"value": await session.scalar(text(QUERIES[query]))}

    migration.legacy.add_url_rule("/flask/<query>", view_func=view)
    migration.router.get("/bridged/{query}", replaces=None, deadline=deadline)(legacy)
    migration.router.get("/native/{query}", replaces=None, deadline=deadline)(native)


@asynccontextmanager
async def answering(
    url: str, *, settings: str = "SELECT 1", deadline: float | None = None
) -> AsyncIterator[tuple[Migration, httpx.AsyncClient]]:
    async with migrating(url, partial(declare, settings, deadline)) as (migration, client):
        yield migration, client


def seen(response: httpx.Response) -> tuple[int, str, bytes]:
    return response.status_code, response.headers["content-type"], response.content


async def answers(client: httpx.AsyncClient, query: str, *paths: str) -> list[tuple[int, str, bytes]]:
    with anyio.fail_after(10):
        return [seen(await client.get(f"/{path}/{query}")) for path in paths or PATHS]


def assert_same(answers: list[tuple[int, str, bytes]], status: int) -> None:
    assert {answer[0] for answer in answers} == {status}
    assert len(set(answers)) == 1, answers
    for secret in (b"psycopg", b"asyncpg", b"SELECT", b"secret"):
        assert secret not in answers[0][2]


async def test_a_database_that_refuses_connections() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        url = f"postgresql://nobody:secret@127.0.0.1:{taken.getsockname()[1]}/nothing"
        async with answering(url) as (_, client):
            assert_same(await answers(client, "quick"), 500)


async def test_a_lock_timeout(database_url: str, server: ServerSide) -> None:
    async with answering(database_url, settings="SET LOCAL lock_timeout = '50ms'") as (migration, client):
        with server.holding("users"):
            assert_same(await answers(client, "lock"), 500)
        assert_same(await answers(client, "quick"), 200)
        await assert_nothing_leaked(migration.bridge.database, server)


async def test_a_statement_timeout(database_url: str) -> None:
    async with answering(database_url, settings="SET LOCAL statement_timeout = '50ms'") as (_, client):
        assert_same(await answers(client, "slow"), 500)
        assert_same(await answers(client, "quick"), 200)


async def test_a_deadline(database_url: str, server: ServerSide) -> None:
    """Flask's views have none."""
    async with answering(database_url, deadline=DEADLINE_S) as (migration, client):
        slow = await answers(client, "slow", "bridged", "native")
        assert_same(slow, 504)
        for path in ("bridged", "native"):
            assert int((await client.get(f"/{path}/slow")).headers["retry-after"]) >= 1
        assert not server.connections("state <> 'idle'")
        assert_same(await answers(client, "quick"), 200)
        await assert_nothing_leaked(migration.bridge.database, server)


@pytest.mark.parametrize("path", PATHS)
async def test_a_view_whose_task_is_cancelled_stops_on_the_server(
    path: str, database_url: str, server: ServerSide
) -> None:
    """Legacy views as well: their engine is stoppable, whoever serves them."""
    async with answering(database_url) as (migration, client):
        request = asyncio.create_task(client.get(f"/{path}/slow"))
        await until(lambda: server.connections("state = 'active' AND query LIKE '%pg_sleep%'"))
        request.cancel()
        with anyio.fail_after(5):
            await asyncio.wait([request])
        assert not server.connections("state <> 'idle'")
        assert_same(await answers(client, "quick"), 200)
        await assert_nothing_leaked(migration.bridge.database, server)
