"""The how-to guide on switching stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from fastapi import FastAPI

from bridge import (
    Bridge,
    Database,
    SQLStageStore,
    StageConflict,
    StageOverride,
    Stages,
    by_client_address,
    by_first_of,
    by_session,
)
from docs.examples.shop import create_flask_app, find_item
from docs.examples.shop_schemas import ItemRead

if TYPE_CHECKING:
    from flask import Flask

OPERATION = "GET /items/{item_id}"


def compose(shop_url: str) -> tuple[FastAPI, Bridge, SQLStageStore]:
    database = Database(shop_url)
    legacy = create_flask_app(database.sync_engine)
    bridge = Bridge(database=database, legacy=legacy, store=SQLStageStore(database))
    items = bridge.router(prefix="/items")

    @items.get("/{item_id:int}", legacy=find_item, response_model=ItemRead)
    async def get_item(item_id: int) -> ItemRead:
        raise NotImplementedError

    app = FastAPI()
    app.include_router(items)
    bridge.install(app)
    return app, bridge, SQLStageStore(database)


async def test_a_stage_is_changed_in_the_store_by_one_of_two_operators(shop_url: str) -> None:
    _, bridge, store = compose(shop_url)
    await store.create_tables()
    await bridge.start()
    seen = bridge.stages.version(OPERATION)
    change = await bridge.stages.change(
        "GET /items/{item_id}", "canary 5 %", who="ada", why="a week in shadow", expected=seen
    )
    assert str(bridge.stages.get(OPERATION)) == "canary 5 %"
    assert list(await bridge.stages.history(OPERATION)) == [change]
    with pytest.raises(StageConflict, match="ada set it to 'canary 5 %'"):
        await bridge.stages.change(OPERATION, "native", who="bob", why="a hurry", expected=seen)
    await bridge.stages.change(OPERATION, "default", who="ada", why="a mistake")
    assert bridge.stages.source(OPERATION) == "default"
    await bridge.close()


async def test_an_application_whose_store_has_no_tables_starts_and_serves(shop_url: str) -> None:
    app, bridge, _store = compose(shop_url)
    await bridge.start()
    assert "create_tables() was called once" in str(bridge.stages.status().error)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver") as client:
        answer = await client.get("/items/1")
    assert (answer.status_code, answer.headers["bridge-path"]) == (200, "bridged")
    await bridge.close()


async def test_callers_stay_on_one_side_and_testers_choose(legacy: Flask) -> None:
    secret = "a secret of the testers"
    override = StageOverride(secret, max_age_s=3600)
    token = override.token("GET /items/*", side="native")
    sticky_by = by_first_of(by_session(legacy, "user_id"), by_client_address)
    stages = Stages({OPERATION: "canary 50 %"}, sticky_by=sticky_by, override=override)
    stages.declare(OPERATION, ported=True)
    sides = [stages.decide(OPERATION, {"client": ("10.0.0.1", port)}).native for port in range(20)]
    assert len(set(sides)) == 1
    others = {stages.decide(OPERATION, {"client": (f"10.0.0.{host}", 1)}).native for host in range(100)}
    assert others == {True, False}
    for host in range(10):
        scope = {"client": (f"10.0.0.{host}", 1), "headers": [(b"bridge-override", token.encode())]}
        assert stages.decide(OPERATION, scope).native


@pytest.fixture
def legacy(shop_url: str) -> Flask:
    app = create_flask_app(Database(shop_url).sync_engine)
    app.secret_key = "a secret key for tests"
    return app
