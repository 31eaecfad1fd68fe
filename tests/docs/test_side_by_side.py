"""The how-to guide on side-by-side deployments: two applications, one database, one secret key."""

from __future__ import annotations

import httpx
from anyio import to_thread

from legacy_sync.app import create_app
from legacy_sync.seed import PASSWORD
from tests.conftest import SECRET_KEY, running, settings_for

ADMIN = {"username": "admin", "password": PASSWORD}


def flask_client(url: str) -> httpx.Client:
    """Reach a Flask application of its own, as a WSGI server would."""
    app = create_app({"DATABASE_URL": url, "SECRET_KEY": SECRET_KEY})
    return httpx.Client(transport=httpx.WSGITransport(app), base_url="http://testserver")


async def test_a_login_on_either_deployment_is_valid_on_the_other(database_url: str) -> None:
    old = await to_thread.run_sync(flask_client, database_url)
    async with running(settings_for("native", database_url)) as (_, new):
        await to_thread.run_sync(lambda: old.post("/auth/login", json=ADMIN))
        new.cookies.update(old.cookies)
        mine = await new.get("/auth/me")
        assert (mine.status_code, mine.json()["username"]) == (200, "admin")
        old.cookies.clear()
        new.cookies.clear()
        await new.post("/auth/login", json=ADMIN)
        old.cookies.update(new.cookies)
        mine = await to_thread.run_sync(lambda: old.get("/users/me"))
        assert (mine.status_code, mine.json()["username"]) == (200, "admin")


async def test_the_optimistic_lock_holds_across_both_deployments(database_url: str) -> None:
    old = await to_thread.run_sync(flask_client, database_url)
    async with running(settings_for("native", database_url)) as (_, new):
        await new.post("/auth/login", json=ADMIN)
        old.cookies.update(new.cookies)
        user = (await new.get("/users/5")).json()
        change = {"version": user["version"], "balance": "1.00"}
        assert (await new.patch("/users/5", json=change)).status_code == 200
        stale = await to_thread.run_sync(lambda: old.patch("/users/5", json=change))
        assert (stale.status_code, stale.json()["error"]["code"]) == (409, "stale_version")
