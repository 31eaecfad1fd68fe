"""The server goes away in every way there is: the same kind of error on both sides, and the next request works."""

from __future__ import annotations

import asyncio
import socket
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import pytest
from anyio import to_thread

from tests.integration.faults.own_server import OwnServer, own_server
from tests.integration.faults.sides import Side, assert_outcome, side_of
from tests.integration.server_side import ServerSide, until

if TYPE_CHECKING:
    from collections.abc import Iterator

OPERATIONAL = "OperationalError"


@pytest.fixture(scope="module")
def own() -> Iterator[OwnServer]:
    # Not in pytest's directory, which the server's own account may not enter.
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        with own_server(Path(directory)) as server:
            yield server


async def assert_works(side: Side) -> None:
    with anyio.fail_after(10):
        assert await side.run("SELECT 7") == 7
    assert side.checked_out == 0


async def test_killed_while_idle_is_not_noticed(side: Side, server: ServerSide) -> None:
    await side.run("SELECT 1")
    server.terminate(server.connections())
    await assert_works(side)


async def test_killed_between_two_statements(side: Side, server: ServerSide) -> None:
    kill = partial(_kill_idle_in_transaction, server)
    outcome, _ = await side.outcome("UPDATE users SET username = 'x' WHERE id = 1", kill, "SELECT 1")
    await assert_works(side)
    assert server.users("x") == 0
    assert_outcome(outcome, OPERATIONAL)


async def test_killed_before_the_commit(side: Side, server: ServerSide) -> None:
    kill = partial(_kill_idle_in_transaction, server)
    outcome, _ = await side.outcome("UPDATE users SET username = 'x' WHERE id = 1", kill)
    await assert_works(side)
    assert server.users("x") == 0
    assert_outcome(outcome, OPERATIONAL)


async def test_killed_in_mid_statement(side: Side, server: ServerSide) -> None:
    task = asyncio.create_task(side.outcome("SELECT pg_sleep(60)"))
    await until(lambda: server.connections("state = 'active' AND query LIKE '%pg_sleep%'"))
    server.terminate(server.connections("state = 'active'"))
    with anyio.fail_after(5):
        outcome, _ = await task
    await assert_works(side)
    assert_outcome(outcome, OPERATIONAL)


async def test_restarted_while_idle_is_not_noticed(side_name: str, pair: str, own: OwnServer) -> None:
    async with side_of(side_name, pair, own.url) as side:
        await side.run("SELECT 1")
        await to_thread.run_sync(own.restart)
        await assert_works(side)


async def test_restarted_in_mid_statement(side_name: str, pair: str, own: OwnServer) -> None:
    server = ServerSide(own.url)
    async with side_of(side_name, pair, own.url) as side:
        task = asyncio.create_task(side.outcome("SELECT pg_sleep(60)"))
        await until(lambda: server.connections("state = 'active' AND query LIKE '%pg_sleep%'"))
        await to_thread.run_sync(own.restart)
        with anyio.fail_after(5):
            outcome, _ = await task
        await assert_works(side)
        assert_outcome(outcome, OPERATIONAL)


async def test_stopped_and_started_again(side_name: str, pair: str, own: OwnServer) -> None:
    async with side_of(side_name, pair, own.url) as side:
        await side.run("SELECT 1")
        await to_thread.run_sync(own.stop)
        try:
            with anyio.fail_after(5):
                outcomes = [await side.outcome("SELECT 1") for _ in range(3)]
        finally:
            await to_thread.run_sync(own.start)
        await assert_works(side)
        assert_outcome(outcomes, [(OPERATIONAL, None)] * 3)


async def test_connection_refused(side_name: str, pair: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        url = f"postgresql://nobody:secret@127.0.0.1:{taken.getsockname()[1]}/nothing"
        async with side_of(side_name, pair, url) as side:
            with anyio.fail_after(5):
                outcomes = [await side.outcome("SELECT 1") for _ in range(3)]
            assert side.checked_out == 0
            assert_outcome(outcomes, [(OPERATIONAL, None)] * 3)


def _kill_idle_in_transaction(server: ServerSide) -> None:
    server.terminate(server.connections("state = 'idle in transaction'"))
