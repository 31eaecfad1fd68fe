"""The programs of the tutorial and of the README do what the pages say."""

from __future__ import annotations

import os
import runpy
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import httpx
import pytest
from anyio import to_thread
from fastapi import FastAPI
from sqlalchemy import create_engine

from bridge import Bridge, Database, Stage, StageSetting
from docs.examples.shop import create_flask_app, fill
from tests.docs.shop import EXAMPLES, PROGRAMS, client_of, compose

if TYPE_CHECKING:
    from pathlib import Path

OPERATION = "GET /items/{item_id}"


@pytest.mark.parametrize("path", PROGRAMS)
async def test_each_program_answers_on_its_path_and_leaves_the_rest_to_flask(path: str, shop_url: str) -> None:
    async with client_of(*compose("flask", shop_url)) as client:
        expected = (await client.get("/items/1")).content
    async with client_of(*compose(path, shop_url)) as client:
        item, health, unknown = [await client.get(url) for url in ("/items/1", "/health", "/nothing")]
    assert (item.headers["bridge-path"], item.content) == (path, expected)
    assert (health.headers["bridge-path"], health.json()) == ("flask", {"status": "ok"})
    assert (unknown.headers["bridge-path"], unknown.status_code) == ("flask", 404)


@pytest.mark.parametrize("path", ["bridged", "native"])
async def test_the_programs_run_on_sqlite_and_document_the_operation_once(path: str, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    engine = create_engine(url)
    fill(engine)
    engine.dispose()
    app, bridge = await to_thread.run_sync(compose, path, url)
    async with client_of(app, bridge) as client:
        assert (await client.get("/items/1")).json()["price"] == "49.90"
        assert list((await client.get("/openapi.json")).json()["paths"]) == ["/items/{item_id}"]


async def test_a_stage_is_switched_and_rolled_back_while_the_program_runs(shop_url: str) -> None:
    app, bridge = compose("native", shop_url)
    bridge.stages.set(OPERATION, "legacy")
    async with client_of(app, bridge) as client:
        assert (await client.get("/items/1")).headers["bridge-path"] == "bridged"
        before = bridge.stages.set("GET /items/{item_id}", "native")
        assert bridge.stages.snapshot() == {OPERATION: StageSetting(Stage.NATIVE)}
        assert (await client.get("/items/1")).headers["bridge-path"] == "native"
        bridge.stages.set(OPERATION, before)
        assert (await client.get("/items/1")).headers["bridge-path"] == "bridged"


async def test_the_report_pairs_the_operation_with_its_view(shop_url: str) -> None:
    app, bridge = compose("bridged", shop_url)
    async with client_of(app, bridge):
        assert bridge.report().paired == {OPERATION: "show_item"}
        assert list(bridge.report().warnings()) == []


async def test_the_finished_program_answers_as_fastapi_does(shop_url: str) -> None:
    with patch.dict(os.environ, {"DATABASE_URL": shop_url}):
        program = runpy.run_path(str(EXAMPLES / "shop_finished.py"))
    transport = httpx.ASGITransport(program["app"])
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        found, beyond, refused = [await client.get(f"/items/{key}") for key in (1, 2**40, "first")]
    await program["database"].dispose()
    assert found.json()["listed_at"] == "2024-02-29T12:30:15.250000Z"
    assert [len(found.json()["reviews"]), beyond.status_code, refused.status_code] == [2, 404, 422]
    assert "bridge-path" not in found.headers


@pytest.mark.parametrize(("pages", "answer"), [({}, "FastAPI"), ({"docs_url": None}, "the shop")])
async def test_the_pages_of_fastapi_take_precedence_unless_they_are_switched_off(
    pages: dict[str, Any], answer: str, shop_url: str
) -> None:
    database = Database(shop_url)
    flask = create_flask_app(database.sync_engine)
    flask.add_url_rule("/docs", view_func=lambda: "the shop")
    bridge = Bridge(database=database, legacy=flask)
    app = FastAPI(**pages)
    bridge.install(app)
    async with client_of(app, bridge) as client:
        assert answer in (await client.get("/docs")).text
