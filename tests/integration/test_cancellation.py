"""A request whose caller goes away leaves nothing behind: no token, no connection, nothing half committed."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import anyio
import pytest

from bridge import PoolSettings
from tests.conftest import running, settings_for
from tests.integration.server_side import ServerSide, assert_nothing_leaked, checked_out, until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import httpx

PATHS = pytest.mark.parametrize("path", ["bridged", "native"])
MECHANISMS = pytest.mark.parametrize("mechanism", ["task", "scope"])
ONE = PoolSettings(size=1, overflow=0)


class Sent:
    """A request under way that can be cancelled in either of the ways that happen."""

    def __init__(self, mechanism: str, send: Callable[[], Awaitable[httpx.Response]]) -> None:
        self._mechanism = mechanism
        self._scope = anyio.CancelScope()
        self.response: httpx.Response | None = None
        self.task = asyncio.create_task(self._run(send))

    async def _run(self, send: Callable[[], Awaitable[httpx.Response]]) -> None:
        with self._scope:
            self.response = await send()

    def cancel(self) -> None:
        if self._mechanism == "task":
            self.task.cancel()
        else:
            self._scope.cancel()

    async def ended(self) -> None:
        with suppress(asyncio.CancelledError):
            await self.task


def account(name: str) -> dict[str, str]:
    return {"username": name, "email": f"{name}@example.com", "password": "long enough"}


@PATHS
@MECHANISMS
async def test_a_request_cancelled_while_it_runs(
    path: str, mechanism: str, database_url: str, server: ServerSide
) -> None:
    async with running(replace(settings_for(path, database_url), pool=ONE)) as (composition, client):
        with server.holding("users") as let_go:
            sent = Sent(mechanism, lambda: client.post("/users", json=account("cancelled")))
            await until(server.waiting_for_locks)
            sent.cancel()
            await sent.ended()  # while the table is still locked: the statement is stopped, not waited for
            assert not server.waiting_for_locks()
            let_go()
        assert sent.response is None
        assert composition.bridge.statistics().running == composition.bridge.statistics().waiting == 0
        await assert_nothing_leaked(composition.bridge.database, server)
        following = await client.post("/users", json=account("following"))
        assert (following.status_code, following.headers["bridge-path"]) == (201, path)
        assert server.users("cancelled") == 0
        assert server.users("following") == 1


@PATHS
@MECHANISMS
async def test_a_request_cancelled_while_it_waits_for_a_token_or_a_connection_never_runs(
    path: str, mechanism: str, database_url: str, server: ServerSide
) -> None:
    async with running(replace(settings_for(path, database_url), pool=ONE)) as (composition, client):
        database = composition.bridge.database
        with server.holding("users") as let_go:
            holder = Sent(mechanism, lambda: client.post("/users", json=account("holder")))
            await until(server.waiting_for_locks)
            queued = Sent(mechanism, lambda: client.post("/users", json=account("queued")))
            if path == "bridged":
                await until(lambda: composition.bridge.statistics().waiting == 1)
            else:
                await until(lambda: database.async_engine.sync_engine.pool._pool._queue._getters)  # type: ignore[attr-defined]  # who waits for a pool has no public name
            queued.cancel()
            await queued.ended()
            assert not holder.task.done()
            let_go()
            await holder.ended()
        assert holder.response is not None
        assert holder.response.status_code == 201
        await assert_nothing_leaked(database, server)
        assert (await client.get("/users/1")).status_code == 200
        assert (server.users("holder"), server.users("queued")) == (1, 0)


@PATHS
@MECHANISMS
async def test_many_cancelled_requests_do_not_use_up_tokens_or_connections(
    path: str, mechanism: str, database_url: str, server: ServerSide
) -> None:
    pool = PoolSettings(size=2, overflow=0)
    async with running(replace(settings_for(path, database_url), pool=pool)) as (composition, client):
        for turns in range(12):
            sent = [Sent(mechanism, partial(client.get, f"/users/{number}")) for number in (1, 2, 3, 4)]
            for _ in range(turns * 3):  # cancelled at many different points
                await asyncio.sleep(0)
            for each in sent:
                each.cancel()
            for each in sent:
                await each.ended()
        await assert_nothing_leaked(composition.bridge.database, server)
        answers = await asyncio.gather(*(client.get(f"/users/{number}") for number in range(1, 9)))
        assert {answer.status_code for answer in answers} == {200}
        assert composition.bridge.statistics().running == checked_out(composition.bridge.database) == 0


@PATHS
async def test_a_deadline_around_a_request_spares_the_next(path: str, database_url: str, server: ServerSide) -> None:
    async with running(replace(settings_for(path, database_url), pool=ONE)) as (composition, client):
        with server.holding("users"), anyio.move_on_after(0.3) as scope:
            await client.post("/users", json=account("late"))
        assert scope.cancelled_caught
        await assert_nothing_leaked(composition.bridge.database, server)
        assert (await client.get("/users/1")).status_code == 200
        assert server.users("late") == 0
