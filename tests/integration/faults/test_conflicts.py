"""The server says no: the same error on both sides, and the next request works."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import anyio
import pytest

from bridge import PoolSettings
from tests.integration.faults.sides import Side, assert_outcome, side_of
from tests.integration.server_side import ServerSide, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

OPERATIONAL = "OperationalError"
RENAME = "UPDATE users SET username = 'renamed' || id WHERE id = {}"


@pytest.fixture
async def two(side_name: str, pair: str, database_url: str) -> AsyncIterator[Side]:
    """Two connections."""
    pool = PoolSettings(size=2, overflow=0)
    async with side_of(side_name, pair, database_url, pool=pool) as side:
        yield side


async def assert_works(side: Side) -> None:
    assert await side.run("SELECT 7") == 7
    assert side.checked_out == 0


async def test_lock_timeout(side: Side, server: ServerSide) -> None:
    with server.holding("users"):
        outcome = await side.outcome("SET LOCAL lock_timeout = '50ms'", RENAME.format(1))
    await assert_works(side)
    assert_outcome(outcome, (OPERATIONAL, "55P03"))


async def test_statement_timeout(side: Side) -> None:
    outcome = await side.outcome("SET LOCAL statement_timeout = '50ms'", "SELECT pg_sleep(60)")
    await assert_works(side)
    assert_outcome(outcome, (OPERATIONAL, "57014"))


async def test_idle_in_transaction_timeout(side: Side, pair: str, server: ServerSide) -> None:

    def wait_for_the_end() -> None:
        anyio.run(until, lambda: not server.connections())

    outcome, _ = await side.outcome("SET idle_in_transaction_session_timeout = '50ms'", wait_for_the_end, "SELECT 1")
    await assert_works(side)
    # psycopg reads why the server hung up, and has PEP 249's class for that SQLSTATE; the other two only see that it did.
    assert_outcome(outcome, "InternalError" if "psycopg" in pair and "psycopg2" not in pair else OPERATIONAL)


async def test_deadlock(two: Side) -> None:
    meet = asyncio.Barrier(2)
    loop = asyncio.get_running_loop()

    def both_have_one() -> None:
        asyncio.run_coroutine_threadsafe(meet.wait(), loop).result(10)

    outcomes = await asyncio.gather(
        *(two.outcome(RENAME.format(first), both_have_one, RENAME.format(second)) for first, second in ((1, 2), (2, 1)))
    )
    await assert_works(two)
    assert_outcome(sorted(outcomes), [(OPERATIONAL, "40P01"), ("no error", "None")])


async def test_serialisation_failure(side: Side, server: ServerSide) -> None:
    interfere = partial(server.run, RENAME.format(1))
    outcome = await side.outcome(
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "SELECT count(*) FROM users", interfere, RENAME.format(1)
    )
    await assert_works(side)
    assert_outcome(outcome, (OPERATIONAL, "40001"))


async def test_pool_exhausted(side_name: str, pair: str, database_url: str, server: ServerSide) -> None:
    pool = PoolSettings(size=1, overflow=0, timeout=0.1)
    async with side_of(side_name, pair, database_url, pool=pool) as side:
        side.capacity.resize(2)  # more callers than connections
        holder = asyncio.create_task(side.run("SELECT pg_sleep(60)"))
        await until(lambda: server.connections("state = 'active' AND query LIKE '%pg_sleep%'"))
        with anyio.fail_after(5):
            assert await side.outcome("SELECT 1") == ("TimeoutError", None)
        holder.cancel()
        await asyncio.wait([holder])
        await assert_works(side)


async def test_the_schema_changes_under_a_prepared_statement(side: Side, server: ServerSide) -> None:
    read = "SELECT * FROM tags ORDER BY id LIMIT 1"
    await side.run(read)
    server.run("ALTER TABLE tags ADD COLUMN added integer")
    outcome, _ = await side.outcome(read)
    await assert_works(side)
    assert (await side.outcome(read))[0] == "no error"
    assert_outcome(outcome, "no error")


async def test_a_request_waits_for_a_schema_change_and_goes_on(side: Side, server: ServerSide) -> None:
    with server.holding("users") as finish:
        task = asyncio.create_task(side.run("SELECT count(*) FROM users"))
        await until(server.waiting_for_locks)
        finish()
        assert await task == 40
    await assert_works(side)
