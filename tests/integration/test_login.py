"""A login belongs to the user, not to the side that made it."""

from __future__ import annotations

import pytest

from legacy_sync.seed import PASSWORD
from tests.conftest import running, settings_for

SIDES = pytest.mark.parametrize(("here", "there"), [("flask", "native"), ("native", "flask")])
CREDENTIALS = {"username": "user0003", "password": PASSWORD}


@SIDES
async def test_a_login_made_on_one_side_is_valid_on_the_other_and_so_is_the_logout(
    here: str, there: str, database_url: str
) -> None:
    async with (
        running(settings_for(here, database_url)) as (_, one),
        running(settings_for(there, database_url)) as (_, other),
    ):
        login = await one.post("/auth/login", json=CREDENTIALS)
        assert login.status_code == 200
        other.cookies = one.cookies
        me = await other.get("/auth/me")
        assert (me.status_code, me.json()["username"]) == (200, "user0003")
        assert login.headers["bridge-path"] != me.headers["bridge-path"]
        change = {"version": 1, "email": "changed@example.com"}
        assert (await other.patch("/users/3", json=change)).status_code == 200
        assert (await other.patch("/users/4", json=change)).status_code == 403
        assert (await other.post("/auth/logout")).status_code == 204
        one.cookies = other.cookies
        assert (await one.get("/auth/me")).status_code == 401
        assert (await one.patch("/users/3", json=change)).status_code == 401


async def test_a_login_bridged_is_valid_in_the_flask_views_behind_the_same_address(database_url: str) -> None:
    async with running(settings_for("native", database_url)) as (_, client):
        assert (await client.get("/users/me")).status_code == 401
        login = await client.post("/auth/login", json=CREDENTIALS)
        assert login.headers["bridge-path"] == "bridged"
        me = await client.get("/users/me")
        assert (me.status_code, me.headers["bridge-path"], me.json()["id"]) == (200, "flask", 3)
        await client.post("/auth/logout")
        assert (await client.get("/users/me")).status_code == 401


async def test_a_login_with_a_forged_signature_is_valid_nowhere(database_url: str) -> None:
    async with running(settings_for("native", database_url)) as (_, client):
        await client.post("/auth/login", json=CREDENTIALS)
        forged = client.cookies["session"][:-2] + "xx"
        client.cookies.clear()
        for url in ("/auth/me", "/users/me"):
            assert (await client.get(url, headers={"cookie": f"session={forged}"})).status_code == 401
