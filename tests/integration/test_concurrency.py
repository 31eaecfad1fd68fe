"""Many requests at once over few connections."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import httpx
import pytest
from sqlalchemy import make_url

from async_app.app import compose
from async_app.local import serving
from bridge import PoolSettings
from tests.conftest import running, settings_for
from tests.integration.server_side import ServerSide, assert_nothing_leaked, checked_out, until
from tests.parity.login import session_cookie

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUESTS = 200
POOL = PoolSettings(size=5, overflow=0)
NO_LIMITS = httpx.Limits(max_connections=None)


def mixed(number: int) -> Iterator[tuple[str, str, object, int]]:
    """Yield reads and writes, of ported and of unported operations, a third of them Flask's: method, path, body, status."""
    account = {"username": f"many{number}", "email": f"many{number}@example.com", "password": "long enough"}
    yield "GET", f"/users/{number % 40 + 1}", None, 200
    yield "GET", "/users?size=100", None, 200
    yield "POST", "/users", account, 201
    yield "PATCH", f"/users/{number % 40 + 1}", {"version": 99, "email": "nobody@example.com"}, 409
    yield "GET", "/users/stats", None, 200
    yield "POST", f"/users/{number % 40 + 1}/posts", {"title": "x", "body": "y", "tags": ["new", f"t{number % 3}"]}, 201
    yield "GET", f"/posts/{number + 1}", None, 200
    yield "GET", "/users/me", None, 200
    yield "GET", "/reports/users.csv", None, 200
    yield "GET", "/health", None, 200


@pytest.mark.parametrize("path", ["bridged", "native"])
def test_200_simultaneous_requests_over_5_connections_all_succeed(
    path: str, database_url: str, server: ServerSide
) -> None:
    # The loop has 200 requests to begin before it can look after the connections it opens.
    patient = make_url(database_url).update_query_dict({"connect_timeout": "60"})
    settings = settings_for(path, patient.render_as_string(hide_password=False))
    composition = compose(replace(settings, pool=POOL))
    requests = [request for number in range(REQUESTS // 10) for request in mixed(number)]
    assert len(requests) == REQUESTS
    cookies = session_cookie(composition.bridge.legacy, 1)

    async def send_all(address: str) -> list[httpx.Response]:
        async with httpx.AsyncClient(base_url=address, cookies=cookies, limits=NO_LIMITS, timeout=45) as client:
            sent = [client.request(method, url, json=body) for method, url, body, _ in requests]
            return await asyncio.gather(*sent)

    with serving(composition.app) as address:
        answers = asyncio.run(send_all(address))
        assert len(server.connections()) <= 2 * POOL.connections
        asyncio.run(assert_nothing_leaked(composition.bridge.database, server))
    got = [answer.status_code for answer in answers]
    assert got == [status for *_, status in requests], Counter(zip(got, (r[1] for r in requests), strict=True))
    assert server.rows("SELECT count(*) FROM users WHERE username LIKE 'many%'")[0][0] == REQUESTS // 10
    assert checked_out(composition.bridge.database) == 0


@pytest.mark.parametrize("path", ["flask", "bridged", "native"])
async def test_of_simultaneous_updates_of_one_version_exactly_one_succeeds(
    path: str, database_url: str, server: ServerSide
) -> None:
    """All of them have read the version before any of them can write."""
    async with running(replace(settings_for(path, database_url), pool=POOL)) as (composition, client):
        client.cookies.update(session_cookie(composition.bridge.legacy, 1))
        with server.holding("users", "SHARE"):
            changes = [{"version": 1, "balance": f"{number}.00"} for number in range(POOL.size)]
            requests = [asyncio.create_task(client.patch("/users/3", json=change)) for change in changes]
            await until(lambda: len(server.waiting_for_locks()) == POOL.size)
        answers = await asyncio.gather(*requests)
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
        assert server.rows("SELECT version FROM users WHERE id = 3") == [(2,)]
        await assert_nothing_leaked(composition.bridge.database, server)
