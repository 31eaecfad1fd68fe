"""The network stops forwarding: whoever has a deadline gets its answer, the thread and the loop are free, the next one works."""

from __future__ import annotations

import asyncio
import threading
import time
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import anyio
import pytest
from sqlalchemy import text

from bridge import DeadlineExceeded, offload
from tests.integration.faults.conftest import STOPPING
from tests.integration.faults.sides import side_of
from tests.integration.server_side import ServerSide, until

if TYPE_CHECKING:
    from tests.integration.faults.network import Network
    from tests.integration.faults.sides import Side

DIRECTIONS = pytest.mark.parametrize("direction", ["up", "down", "both"])
DEADLINE_S = 0.3
# The deadline, the patience of STOPPING twice (a statement and its ROLLBACK, or a COMMIT and its connection), and a busy machine.
BOUND_S = 6.0


def sleeping(server: ServerSide) -> list[int]:
    return server.connections("state = 'active' AND query LIKE '%pg_sleep%'")


async def assert_late(task: asyncio.Task[object]) -> DeadlineExceeded:
    with anyio.fail_after(BOUND_S), pytest.raises(DeadlineExceeded) as raised:
        await task
    return raised.value


async def assert_works(side: Side) -> None:
    with anyio.fail_after(BOUND_S):
        assert await side.run("SELECT 7") == 7
    await until(lambda: side.checked_out == 0)
    assert side.capacity.statistics().running == 0


@DIRECTIONS
async def test_in_mid_statement(direction: str, remote: Side, wire: Network, server: ServerSide) -> None:
    task = asyncio.create_task(remote.run("SELECT pg_sleep(60)", deadline=DEADLINE_S))
    await until(partial(sleeping, server))
    wire.stall(direction)
    await assert_late(task)
    wire.flow()
    await assert_works(remote)


async def test_between_two_statements(remote: Side, wire: Network) -> None:
    def stall_until_the_deadline() -> None:
        wire.stall()
        time.sleep(2 * DEADLINE_S)

    await assert_late(asyncio.create_task(remote.run("SELECT 1", stall_until_the_deadline, deadline=DEADLINE_S)))
    wire.flow()
    await assert_works(remote)


async def test_in_mid_commit(remote: Side, wire: Network, server: ServerSide) -> None:
    server.run(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN NULL; END'"
    )
    server.run(
        "CREATE CONSTRAINT TRIGGER slow AFTER UPDATE ON users DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()"
    )
    task = asyncio.create_task(remote.run("UPDATE users SET username = 'x' WHERE id = 1", deadline=DEADLINE_S))
    await until(lambda: server.connections("state = 'active' AND query ILIKE 'COMMIT%'"))
    wire.stall()
    await assert_late(task)
    server.terminate(server.connections("state = 'active'"))
    wire.flow()
    await assert_works(remote)
    assert server.users("x") == 0


async def test_while_a_connection_is_tested_or_opened(remote: Side, wire: Network) -> None:
    await remote.run("SELECT 1")
    wire.stall()
    await assert_late(asyncio.create_task(remote.run("SELECT 1", deadline=DEADLINE_S)))
    await assert_late(asyncio.create_task(remote.run("SELECT 1", deadline=DEADLINE_S)))  # there is none left to test
    wire.flow()
    await assert_works(remote)


async def test_a_connection_that_was_given_back_is_not_cut(pair: str, wire: Network) -> None:
    """Its next tenant must not suffer for a caller that was cancelled later."""
    back, go_on = threading.Event(), threading.Event()
    async with side_of("sync", pair, wire.url, stopping=STOPPING) as side:

        def use_and_give_back() -> None:
            with side.database.unit_of_work() as session:
                session.execute(text("SELECT 1"))
            back.set()
            assert go_on.wait(BOUND_S)

        side.capacity.resize(2)
        first = asyncio.create_task(offload(use_and_give_back, capacity=side.capacity))
        await until(back.is_set)
        tenant = asyncio.create_task(side.run(f"SELECT pg_sleep({3 * STOPPING.cut_after})", "SELECT 7"))
        await until(lambda: side.checked_out)
        first.cancel()
        assert await tenant == 7
        go_on.set()
        await asyncio.wait([first])


@pytest.mark.parametrize("mechanism", ["task", "scope"])
async def test_a_cancelled_caller_gets_away(mechanism: str, remote: Side, wire: Network, server: ServerSide) -> None:
    scope = anyio.CancelScope()

    async def request() -> None:
        with scope:
            await remote.run("SELECT pg_sleep(60)")

    task = asyncio.create_task(request())
    await until(partial(sleeping, server))
    wire.stall()
    (scope if mechanism == "scope" else task).cancel()
    with anyio.fail_after(BOUND_S):
        await asyncio.wait([task])
    wire.flow()
    await assert_works(remote)


async def test_a_statement_that_its_cancel_request_overtakes_is_cancelled_all_the_same(
    remote: Side, wire: Network, server: ServerSide
) -> None:
    """The server forgets a request that finds the connection idle, so that there has to be another one."""
    sleep = "SELECT pg_sleep(current_setting('test.seconds')::float)"  # the same text, so that it is prepared before
    held = threading.Event()

    def hold() -> None:
        wire.stall("existing")
        held.set()

    task = asyncio.create_task(remote.run("SET test.seconds = '0'", sleep, "SET test.seconds = '60'", hold, sleep))
    await until(held.is_set)
    await asyncio.sleep(0.05)  # the statement is on its way, and nobody can see it
    task.cancel()
    await asyncio.sleep(0.05)  # and so is the first request, on a connection of its own
    wire.flow()
    with anyio.fail_after(BOUND_S):
        await asyncio.wait([task])
    assert not sleeping(server)
    await assert_works(remote)


async def test_the_process_goes_on_meanwhile(remote: Side, wire: Network, server: ServerSide) -> None:
    """psycopg2's own cancel would keep the interpreter's lock until the network is back."""
    beats, over = list[float](), threading.Event()

    def beat() -> None:
        while not over.wait(0.01):
            beats.append(time.perf_counter())

    task = asyncio.create_task(remote.run("SELECT pg_sleep(60)", deadline=DEADLINE_S))
    await until(partial(sleeping, server))
    thread = threading.Thread(target=beat)
    thread.start()
    try:
        wire.stall()
        await assert_late(task)
    finally:
        over.set()
        thread.join()
    assert max(later - earlier for earlier, later in pairwise(beats)) < 3.0
