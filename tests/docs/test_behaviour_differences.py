"""Every behaviour difference that the migration guide lists, shown on the running code."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from fastapi import FastAPI, Query
from flask import g
from flask import session as flask_session
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session
from werkzeug.exceptions import Conflict, Gone, UnprocessableEntity

from bridge import (
    Bridge,
    Database,
    FlaskCompat,
    FlaskSession,
    HookDeclarations,
    ParityLayers,
    lenient,
    register_flask_converters,
)
from docs.examples.shop import Item, create_flask_app, find_item
from docs.examples.shop_schemas import ItemRead
from tests.docs.pages import page
from tests.docs.shop import client_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    import httpx
    from flask import Flask
    from flask.typing import ResponseReturnValue
    from starlette.responses import Response

    from bridge import BridgeRouter

TESTED = {
    "JSON dialect",
    "First query value",
    "Lenient query values",
    "Validation errors",
    "Error handlers",
    "Session cookie",
    "Hooks",
    "Path converters",
    "OPTIONS",
    "Ids beyond the column",
}


class Secret(BaseModel):
    pin: int


def test_every_difference_of_the_guide_is_shown_here() -> None:
    section = page("docs/migration.md").partition("## Behaviour differences\n")[2]
    assert set(re.findall(r"^### (.+)$", section, re.MULTILINE)) == TESTED


@asynccontextmanager
async def shop(
    url: str,
    declare: Callable[[BridgeRouter], object],
    *,
    prepare: Callable[[Flask], object] = lambda _flask: None,
    hooks: HookDeclarations | None = None,
    follow_flask: bool = True,
    **shims: Any,
) -> AsyncIterator[tuple[httpx.AsyncClient, Bridge]]:
    """Build the shop with the operations that *declare* adds to a router with these *shims*."""
    database = Database(url)
    flask = create_flask_app(database.sync_engine)
    flask.secret_key = "a secret for tests"
    prepare(flask)
    bridge = Bridge(database=database, legacy=flask, default_stage="native", hooks=hooks)
    compat = replace(FlaskCompat(flask), **shims) if follow_flask else None
    router = bridge.router(compat=compat, follow_flask=follow_flask)
    declare(router)
    app = FastAPI()
    app.include_router(router)
    bridge.install(app)
    async with client_of(app, bridge) as client:
        yield client, bridge


def declare_item(router: BridgeRouter) -> None:
    router.get("/items/{item_id:int}", response_model=ItemRead)(find_item)


async def test_json_is_flasks_until_the_shim_is_dropped(shop_url: str) -> None:
    async with shop(shop_url, declare_item) as (client, _):
        kept = (await client.get("/items/1")).text
    async with shop(shop_url, declare_item, json=False) as (client, _):
        dropped = (await client.get("/items/1")).text
    assert kept.startswith(
        '{"id":1,"listed_at":"Thu, 29 Feb 2024 12:30:15 GMT","name":"Kaffeem\\u00fchle","price":"49.90"'
    )
    assert kept.endswith("}\n")
    assert dropped.startswith('{"id":1,"name":"Kaffeemühle","price":"49.90","listed_at":"2024-02-29T12:30:15.250000Z"')
    assert dropped.endswith("}")


def declare_query(router: BridgeRouter) -> None:
    @router.get("/query")
    def query(
        tag: Annotated[list[str], Query()],
        page: int = 1,
        keyword: str = "",
        size: Annotated[int, lenient(int, 20)] = 20,
    ) -> dict[str, object]:
        return {"page": page, "keyword": keyword, "size": size, "tags": tag}


async def test_the_first_query_value_counts_until_the_shim_is_dropped(shop_url: str) -> None:
    async with shop(shop_url, declare_query) as (client, _):
        kept = (await client.get("/query?page=2&page=3&keyword=%FF&tag=a&tag=b")).json()
    async with shop(shop_url, declare_query, requests=False) as (client, _):
        dropped = (await client.get("/query?page=2&page=3&keyword=%FF&tag=a&tag=b")).json()
    assert kept == {"page": 2, "keyword": "%FF", "size": 20, "tags": ["a", "b"]}
    assert dropped == {"page": 3, "keyword": "\ufffd", "size": 20, "tags": ["a", "b"]}


async def test_a_query_value_that_is_no_number_is_refused_unless_it_is_lenient(shop_url: str) -> None:
    async with shop(shop_url, declare_query) as (client, _):
        assert (await client.get("/query?tag=a&size=many")).json()["size"] == 20
        assert (await client.get("/query?tag=a&page=many")).status_code == 400


def declare_body(router: BridgeRouter) -> None:
    @router.post("/body")
    def body(secret: Secret) -> dict[str, int]:
        return {"length": secret.pin}


async def test_validation_errors_are_400_until_the_shim_is_dropped(shop_url: str) -> None:
    async with shop(shop_url, declare_body) as (client, _):
        refused = await client.post("/body", json={"pin": "hunter2"})
        no_json = await client.post("/body", content=b"pin=1")
    assert (refused.status_code, no_json.status_code) == (400, 415)
    assert "hunter2" not in refused.text
    async with shop(shop_url, declare_body, validation=lambda _errors: UnprocessableEntity()) as (client, _):
        assert (await client.post("/body", json={"pin": "hunter2"})).status_code == 422
    async with shop(shop_url, declare_body, errors=False) as (client, _):
        refused = await client.post("/body", json={"pin": "hunter2"})
        no_json = await client.post("/body", content=b"pin=1")
    assert (refused.status_code, no_json.status_code) == (422, 422)
    assert "hunter2" in refused.text, "FastAPI's own answer repeats the input"


async def test_flasks_error_handlers_answer_until_the_shim_is_dropped(shop_url: str) -> None:
    def handle(flask: Flask) -> None:
        @flask.errorhandler(Gone)
        def gone(_error: Exception) -> ResponseReturnValue:
            return {"error": "gone"}, 410

    def declare(router: BridgeRouter) -> None:
        @router.get("/gone")
        def raising() -> None:
            raise Gone

    async with shop(shop_url, declare, prepare=handle) as (client, _):
        answer = await client.get("/gone")
        assert (answer.status_code, answer.json()) == (410, {"error": "gone"})
    async with shop(shop_url, declare, prepare=handle, errors=False) as (client, _):
        assert (await client.get("/gone")).status_code == 500, "FastAPI does not know Werkzeug's exceptions"


async def test_an_error_handler_finds_nothing_that_a_hook_puts_on_g(shop_url: str) -> None:
    def handle(flask: Flask) -> None:
        @flask.before_request
        def name() -> None:
            g.request_id = "1"

        @flask.errorhandler(Gone)
        def gone(_error: Exception) -> ResponseReturnValue:
            return {"request_id": g.request_id}, 410

        @flask.errorhandler(Conflict)
        def conflict(_error: Exception) -> ResponseReturnValue:
            return {"request_id": g.get("request_id"), "same": getattr(g, "request_id", None)}, 409

    def declare(router: BridgeRouter) -> None:
        @router.get("/gone")
        def raise_gone() -> None:
            raise Gone

        @router.get("/conflict")
        def raise_conflict() -> None:
            raise Conflict

    async with shop(shop_url, declare, prepare=handle) as (client, _):
        assert (await client.get("/gone")).status_code == 500
        answer = await client.get("/conflict")
    assert (answer.status_code, answer.json()) == (409, {"request_id": None, "same": None})


async def test_the_session_cookie_of_one_side_is_valid_on_the_other(shop_url: str) -> None:
    def log_in(flask: Flask) -> None:
        @flask.get("/flask-login")
        def login() -> dict[str, str]:
            flask_session["user"] = "ada"
            return {}

        @flask.get("/flask-whoami")
        def whoami() -> dict[str, object]:
            return {"user": flask_session.get("user")}

    def declare(router: BridgeRouter) -> None:
        @router.get("/whoami")
        def whoami(cookie: FlaskSession) -> dict[str, object]:
            return {"user": cookie.get("user")}

        @router.get("/rename")
        def rename(cookie: FlaskSession) -> None:
            cookie["user"] = "grace"

    async with shop(shop_url, declare, prepare=log_in) as (client, _):
        await client.get("/flask-login")
        answer = await client.get("/whoami")
        assert (answer.json(), answer.headers["vary"]) == ({"user": "ada"}, "Cookie")
        await client.get("/rename")
        assert (await client.get("/flask-whoami")).json() == {"user": "grace"}


async def test_hooks_do_not_run_where_fastapi_answers(shop_url: str, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[str] = []

    def add_hooks(flask: Flask) -> None:
        flask.before_request(lambda: seen.append("before"))

        @flask.after_request
        def after(response: Any) -> Any:
            seen.append("after")
            return response

        flask.teardown_appcontext(lambda _error: seen.append("teardown"))

    def port_after(response: Response) -> None:
        response.headers["X-Ported"] = "yes"

    async with shop(shop_url, declare_item, prepare=add_hooks, after=port_after) as (client, bridge):
        assert (await client.get("/items/1")).headers["x-ported"] == "yes"
        assert seen == ["teardown"]
        await client.get("/health")
        assert seen == ["teardown", "before", "after", "teardown"]
        (before, after_request) = sorted(bridge.report().undeclared_hooks)
        assert bridge.report().undeclared_hooks[before] == ["GET /items/{item_id}"]
        await bridge.start()
        assert caplog.text.count("does not run for GET /items/{item_id}: port it") == 2
    declared = HookDeclarations(ported={after_request: "port_after"}, not_needed={before: "a test"})
    async with shop(shop_url, declare_item, prepare=add_hooks, hooks=declared) as (_, bridge):
        assert bridge.report().undeclared_hooks == {}


async def test_after_request_does_not_run_even_for_a_500_that_no_handler_answers(shop_url: str) -> None:
    seen: list[int] = []

    def add_hook(flask: Flask) -> None:
        @flask.after_request
        def after(response: Any) -> Any:
            seen.append(response.status_code)
            return response

    def declare(router: BridgeRouter) -> None:
        @router.get("/broken")
        def broken() -> None:
            raise ZeroDivisionError

    async with shop(shop_url, declare, prepare=add_hook) as (client, _):
        assert (await client.get("/broken")).status_code == 500
    assert seen == []


async def test_flasks_converters_decide_until_an_operation_is_retired(shop_url: str) -> None:
    register_flask_converters()

    def declare(router: BridgeRouter, path: str, *, retired: bool) -> None:
        @router.get(path, retired=retired)
        async def get_item(item_id: int) -> dict[str, int]:
            return {"id": item_id}

    for path, retired, status in (
        ("/items/{item_id}", False, 404),
        ("/items/{item_id}", True, 200),
        ("/items/{item_id:flask_int}", True, 404),
    ):
        async with shop(shop_url, partial(declare, path=path, retired=retired)) as (client, _):
            assert (await client.get("/items/-1")).status_code == status, (path, retired)


async def test_options_goes_with_flasks_view(shop_url: str) -> None:
    def retire(router: BridgeRouter) -> None:
        router.get("/items/{item_id:int}", response_model=ItemRead, retired=True)(find_item)

    async with shop(shop_url, declare_item) as (client, _):
        options = await client.options("/items/1")
        assert (options.status_code, options.headers["bridge-path"]) == (200, "flask")
    async with shop(shop_url, retire) as (client, _):
        assert (await client.options("/items/1")).status_code == 405


@pytest.mark.parametrize("parameters", [True, False])
async def test_asyncpg_refuses_an_id_that_psycopg2_does_not_find_unless_it_is_made_equal(
    shop_url: str, *, parameters: bool
) -> None:
    database = Database(shop_url, parity=ParityLayers(parameters=parameters))
    statement = select(Item).where(Item.id == 2**31)
    with Session(database.sync_engine) as session:
        assert session.scalar(statement) is None
    async with AsyncSession(database.async_engine) as async_session:
        if parameters:
            assert await async_session.scalar(statement) is None
        else:
            with pytest.raises(DBAPIError, match="value out of int32 range"):
                await async_session.scalar(statement)
    await database.dispose()
