"""The server closes a connection: while it is idle in the pool, and in the middle of a statement."""

from __future__ import annotations

import asyncio

import pytest

from tests.conftest import running, settings_for
from tests.integration.server_side import ServerSide, assert_nothing_leaked, until

PATHS = pytest.mark.parametrize("path", ["flask", "bridged", "native"])
INTERNAL_ERROR = (
    b'{"error":{"code":"internal_error","details":{},"message":"The server failed to process the request."}}\n'
)


@PATHS
async def test_a_connection_killed_while_idle_is_replaced_unnoticed(
    path: str, database_url: str, server: ServerSide
) -> None:
    async with running(settings_for(path, database_url)) as (_, client):
        before = await client.get("/users/3")
        idle = server.connections()
        assert idle
        server.terminate(idle)
        after = await client.get("/users/3")
        assert (after.status_code, after.content) == (200, before.content)
        assert after.headers["bridge-path"] == path
        assert not set(server.connections()) & set(idle)


@PATHS
async def test_a_connection_killed_in_mid_statement_is_flasks_500_and_the_next_request_succeeds(
    path: str, database_url: str, server: ServerSide
) -> None:
    account = {"username": "killed", "email": "killed@example.com", "password": "long enough"}
    async with running(settings_for(path, database_url)) as (composition, client):
        with server.holding("users"):
            request = asyncio.create_task(client.post("/users", json=account))
            await until(server.waiting_for_locks)
            server.terminate(server.waiting_for_locks())
            failed = await request
        assert (failed.status_code, failed.content) == (500, INTERNAL_ERROR)
        assert (failed.headers["content-type"], failed.headers["bridge-path"]) == ("application/json", path)
        assert server.users("killed") == 0
        assert (await client.post("/users", json=account)).status_code == 201
        await assert_nothing_leaked(composition.bridge.database, server)
