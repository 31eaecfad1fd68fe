"""Two thousand requests a side, cancelled at random moments in every way, leave nothing behind."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from random import Random
from typing import TYPE_CHECKING

import anyio
import pytest

from bridge import AdmissionTimeout, DeadlineExceeded, PoolSettings
from tests.integration.faults.sides import side_of
from tests.integration.server_side import ServerSide, until

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from tests.integration.faults.network import Network
    from tests.integration.faults.sides import Side

REQUESTS, CLIENTS, CONNECTIONS = 2000, 24, 4
MECHANISMS = ("task", "timeout", "scope", "deadline", "none")
# Some of them wait for each other's locks.
WORK = (
    ("SELECT count(*) FROM posts",),
    ("UPDATE users SET username = username WHERE id = 1", "SELECT pg_sleep(0.004)"),
    ("UPDATE users SET username = username WHERE id = 2", "UPDATE posts SET title = title WHERE id = 1"),
    ("INSERT INTO tags (name) VALUES (gen_random_uuid()::text)", "SELECT pg_sleep(0.002)"),
    ("SELECT pg_sleep(0.01)",),
)
# What nobody cancels on the server is still there at the end.
ENDLESS = (
    ("SELECT pg_sleep(60)",),
    ("UPDATE users SET username = username WHERE id = 3", "SELECT pg_sleep(60)"),
)


class Crowd:
    """Clients that send requests and lose patience."""

    def __init__(self, side: Side, seed: int) -> None:
        self.side = side
        self.random = Random(seed)
        self.left = REQUESTS
        self.ended: dict[str, int] = {"completed": 0, "cancelled": 0}

    async def client(self) -> None:
        while self.left:
            self.left -= 1
            self.ended[await self.request()] += 1

    async def request(self) -> str:
        random = self.random
        mechanism, after_s = random.choice(MECHANISMS), random.uniform(0, 0.04)
        work = random.choice(WORK if mechanism == "none" else WORK + ENDLESS)
        if mechanism == "deadline":
            return await ended(self.side.run(*work, deadline=after_s))
        if mechanism == "timeout":
            return await ended(asyncio.wait_for(self.side.run(*work), after_s))
        if mechanism == "scope":
            with anyio.move_on_after(after_s):
                return await ended(self.side.run(*work))
            return "cancelled"
        task = asyncio.create_task(ended(self.side.run(*work)))
        if mechanism == "task":
            asyncio.get_running_loop().call_later(after_s, task.cancel)
        await asyncio.wait([task])
        return "cancelled" if task.cancelled() else task.result()


async def ended(work: Awaitable[object]) -> str:
    with suppress(TimeoutError, DeadlineExceeded, AdmissionTimeout):
        await work
        return "completed"
    return "cancelled"


@pytest.mark.parametrize("seed", [1])
async def test_nothing_is_left_behind(seed: int, side_name: str, pair: str, wire: Network, server: ServerSide) -> None:
    pool = PoolSettings(size=CONNECTIONS, overflow=0, timeout=20)
    async with side_of(side_name, pair, wire.url, pool=pool) as side:
        crowd = Crowd(side, seed)
        with anyio.fail_after(40):
            async with anyio.create_task_group() as tasks:
                for _ in range(CLIENTS):
                    tasks.start_soon(crowd.client)
        assert crowd.ended["completed"] > REQUESTS / 10, crowd.ended
        assert crowd.ended["cancelled"] > REQUESTS / 4, crowd.ended
        assert sum(crowd.ended.values()) == REQUESTS

        assert not server.connections("state <> 'idle'"), "neither a statement nor a transaction goes on"
        assert not server.rows(
            "SELECT pid FROM pg_locks WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
            "AND pid <> pg_backend_pid()"
        )
        assert side.checked_out == 0
        assert side.capacity.statistics().running == side.capacity.statistics().waiting == 0
        await until(lambda: len(server.connections()) <= CONNECTIONS)

        with server.holding("tags"), anyio.fail_after(10):  # as many as there are connections, all at the same time
            together = [
                asyncio.create_task(side.run("SELECT 7", "SELECT count(*) FROM tags")) for _ in range(CONNECTIONS)
            ]
            await until(lambda: len(server.waiting_for_locks()) == CONNECTIONS)
            for task in together:
                task.cancel()
            await asyncio.wait(together)
        assert await asyncio.gather(*(side.run("SELECT 7") for _ in range(20))) == [7] * 20
