"""A connection is asked whether it is alive only when there is a reason to doubt it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from anyio import to_thread
from sqlalchemy.exc import DBAPIError

from bridge.database import idle_ping
from tests.integration.one_connection import ENGINES, OneConnection, one_connection

if TYPE_CHECKING:
    from tests.integration.server_side import ServerSide

PID = "SELECT pg_backend_pid()"
LONG, NONE = 3600.0, 0.0


async def last_query_after_checkout(one: OneConnection, server: ServerSide) -> str:
    """Take the connection out of the pool, and have the server tell what it was asked last."""

    def look() -> str:
        query: str = server.rows("SELECT query FROM pg_stat_activity WHERE pid = :pid", pid=server.connections()[0])[0][
            0
        ]
        return query

    async def asynchronous() -> str:
        async with one.database.async_engine.connect():
            return await to_thread.run_sync(look)

    def synchronous() -> str:
        with one.database.sync_engine.connect():
            return look()

    return await (asynchronous() if one.is_async else to_thread.run_sync(synchronous))


@ENGINES
async def test_a_connection_used_a_moment_ago_is_not_pinged(engine: str, database_url: str, server: ServerSide) -> None:
    async with one_connection(database_url, engine, ping_after=LONG) as one:
        await one.execute("SELECT 1")
        assert (await last_query_after_checkout(one, server)).startswith("COMMIT")
    async with one_connection(database_url, engine, ping_after=NONE) as one:
        await one.execute("SELECT 1")
        assert not (await last_query_after_checkout(one, server)).startswith("COMMIT")


@ENGINES
async def test_the_time_counts_from_the_last_use(
    engine: str, database_url: str, server: ServerSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(idle_ping, "monotonic", lambda: now)
    async with one_connection(database_url, engine, ping_after=5.0) as one:
        await one.execute("SELECT 1")
        now += 4.9
        assert (await last_query_after_checkout(one, server)).startswith("COMMIT")
        now += 5.0
        assert not (await last_query_after_checkout(one, server)).startswith("COMMIT")


@ENGINES
@pytest.mark.parametrize("ping_after", [NONE, LONG], ids=["idle", "used a moment ago"])
async def test_a_connection_that_the_server_closed_is_replaced_unnoticed(
    ping_after: float, engine: str, database_url: str, server: ServerSide
) -> None:
    async with one_connection(database_url, engine, ping_after=ping_after) as one:
        for _ in range(3):
            before = await one.scalar(PID)
            await to_thread.run_sync(server.terminate, [before])
            assert await one.scalar(PID) != before


@ENGINES
async def test_one_that_does_not_answer_takes_the_rest_of_the_pool_along(
    engine: str, database_url: str, server: ServerSide
) -> None:
    async with one_connection(database_url, engine, ping_after=NONE, size=2) as one:
        one_pid, next_out = await one.hold_two(PID)
        await to_thread.run_sync(server.terminate, [next_out])
        assert not {one_pid, next_out} & set(await one.hold_two(PID))


@ENGINES
async def test_without_pre_ping_a_request_meets_the_closed_connection(
    engine: str, database_url: str, server: ServerSide
) -> None:
    async with one_connection(database_url, engine, pre_ping=False) as one:
        before = await one.scalar(PID)
        await to_thread.run_sync(server.terminate, [before])
        with pytest.raises(DBAPIError):
            await one.scalar(PID)
        assert await one.scalar(PID) != before


@ENGINES
async def test_a_message_that_waits_is_a_reason_to_ping(engine: str, database_url: str, server: ServerSide) -> None:
    """A notification is not the end: the connection is kept."""
    async with one_connection(database_url, engine, ping_after=LONG, session_state="keep") as one:
        await one.execute("LISTEN news")
        before = await one.scalar(PID)
        server.run("NOTIFY news, 'there is some'")
        assert await one.scalar(PID) == before


async def test_a_driver_that_does_not_show_its_socket_is_pinged_always(
    database_url: str, server: ServerSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(idle_ping.SIGNS, "psycopg2")
    async with one_connection(database_url, "sync", ping_after=LONG) as one:
        await one.execute("SELECT 1")
        assert not (await last_query_after_checkout(one, server)).startswith("COMMIT")
