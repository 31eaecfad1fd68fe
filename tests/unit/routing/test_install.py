"""A bridge is in front of one application, and is started before it is asked for anything."""

from __future__ import annotations

from asyncio import to_thread
from typing import TYPE_CHECKING

import pytest
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from flask_sqlalchemy import SQLAlchemy
from starlette.applications import Starlette
from starlette.routing import Mount

from bridge import DeclaredTwice
from tests.unit.routing.applications import client_of, flask_with, installed

if TYPE_CHECKING:
    from pathlib import Path

    from bridge import Bridge

PREFLIGHT = {"Origin": "https://spa.example", "Access-Control-Request-Method": "GET"}


def test_a_second_bridge_in_one_application_is_refused() -> None:
    """It would take what FastAPI does not have for its own Flask application, and nothing would reach the first one's."""
    app, _ = installed(flask_with({"one": "/one"}))
    _, second = installed(flask_with({"two": "/two"}))
    with pytest.raises(DeclaredTwice, match="the application has a bridge"):
        second.install(app)


def test_a_state_of_the_applications_own_is_no_bridge() -> None:
    _, bridge = installed(flask_with({}))
    app = FastAPI()
    app.state.bridge = "golden gate"
    bridge.install(app)
    assert app.state.bridge is bridge


async def test_a_mounted_bridge_that_nobody_started_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    app, _ = installed(flask_with({"view": "/x"}))
    async with client_of(Starlette(routes=[Mount("/sub", app=app)])) as client:
        for _ in range(2):
            assert (await client.get("/sub/x")).status_code == 200
    (warning,) = [record.message for record in caplog.records if record.name == "bridge"]
    assert "was not started" in warning
    assert "call bridge.start() and bridge.close()" in warning


async def test_a_bridge_that_was_started_says_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    # SQLite's driver looks at the file system when its engine is made.
    app, bridge = await to_thread(installed, flask_with({"view": "/x"}), url=f"sqlite:///{tmp_path}/x.db")
    await bridge.start()
    async with client_of(app) as client:
        assert (await client.get("/x")).status_code == 200
    await bridge.close()
    assert [record.message for record in caplog.records if record.name == "bridge"] == []


@pytest.mark.parametrize("shared", [False, True])
async def test_an_engine_of_flask_sqlalchemys_own_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, *, shared: bool
) -> None:
    url = f"sqlite:///{tmp_path}/x.db"
    flask, db = flask_with({"view": "/x"}), SQLAlchemy()
    flask.config["SQLALCHEMY_DATABASE_URI"] = url

    def build() -> Bridge:
        db.init_app(flask)
        _, bridge = installed(flask, url=url)
        if shared:
            with flask.app_context():
                db.engines[None] = bridge.database.sync_engine  # type: ignore[index]  # a dict, declared as a Mapping
        return bridge

    bridge = await to_thread(build)
    await bridge.start()
    await bridge.close()
    told = [
        record.message for record in caplog.records if "Flask-SQLAlchemy has an engine of its own" in record.message
    ]
    assert len(told) == (0 if shared else 1)


async def test_a_hint_that_cannot_be_given_keeps_nobody_from_starting(tmp_path: Path) -> None:
    flask = flask_with({"view": "/x"})
    flask.extensions["sqlalchemy"] = "something else"

    @flask.teardown_appcontext
    def only_after_requests(_error: BaseException | None) -> None:
        raise LookupError

    _, bridge = await to_thread(installed, flask, url=f"sqlite:///{tmp_path}/x.db")
    await bridge.start()
    await bridge.close()


@pytest.mark.parametrize("after", [False, True])
async def test_middleware_that_is_added_before_the_bridge_sees_no_preflight(*, after: bool) -> None:
    app = FastAPI()
    _, bridge = installed(flask_with({"view": "/x"}))
    if after:
        bridge.install(app)
    app.add_middleware(CORSMiddleware, allow_origins=["*"])
    if not after:
        bridge.install(app)
    async with client_of(app) as client:
        answer = await client.options("/x", headers=PREFLIGHT)
    assert ("access-control-allow-origin" in answer.headers) == after
