"""FastAPI's options of what is sent mean what they mean in FastAPI, with Flask's habits and without."""

import enum
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)

from bridge import Bridge, BridgeRouter, Database, LiveObjectReturned
from bridge.routing.output import output_of
from bridge.routing.render import Renderer
from bridge.routing.signature import read_function
from legacy_sync.models import Tag
from tests.unit.routing.applications import UNUSED, client_of, flask_with


class Color(enum.Enum):
    RED = "red"


class Account(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    user_id: int
    nick_name: str | None = None
    level: int = 1


class Painted(BaseModel):
    color: Color
    ratio: float = float("inf")
    price: Decimal = Decimal("1.10")


async def account() -> dict[str, Any]:
    return {"user_id": 1}


async def account_with_defaults() -> Account:
    return Account(user_id=1, level=1)


async def text() -> str:
    return "hello"


async def nothing() -> None:
    return None


async def painted() -> Painted:
    return Painted(color=Color.RED)


async def rows() -> Iterator[str]:
    return (letter for letter in "abc")


async def answer_of(router: APIRouter, endpoint: Any, **options: Any) -> httpx.Response:
    router.get("/it", **options)(endpoint)
    app = FastAPI()
    app.include_router(router)
    async with client_of(app) as client:
        return await client.get("/it")


def bridge_router(*, follow: bool, **options: Any) -> BridgeRouter:
    bridge = Bridge(database=Database(UNUSED), legacy=flask_with({}), default_stage="native")
    return bridge.router(follow_flask=follow, **options)


@pytest.mark.parametrize("follow", [True, False])
@pytest.mark.parametrize(
    ("function", "options"),
    [
        (account, {"response_model": Account}),
        (account, {"response_model": Account, "response_model_by_alias": False}),
        (account, {"response_model": Account, "response_model_exclude_none": True}),
        (account, {"response_model": Account, "response_model_exclude_unset": True}),
        (account_with_defaults, {}),
        (account_with_defaults, {"response_model_exclude_unset": True}),
        (account_with_defaults, {"response_model_exclude_defaults": True}),
        (account_with_defaults, {"response_model_include": {"user_id"}}),
        (account_with_defaults, {"response_model_exclude": {"user_id": True}}),
        (account, {"response_model": Account, "response_class": JSONResponse}),
        (text, {"response_class": PlainTextResponse}),
        (text, {"response_class": HTMLResponse, "status_code": 203}),
        (text, {"response_class": RedirectResponse}),
        (text, {"response_class": RedirectResponse, "status_code": 303}),
        (text, {"response_class": Response}),
        (nothing, {"response_class": PlainTextResponse}),
        (rows, {"response_class": StreamingResponse, "response_model": None}),
    ],
    ids=lambda value: getattr(value, "__name__", None) or str(value),
)
async def test_an_answer_is_that_of_fastapi(function: Any, options: dict[str, Any], *, follow: bool) -> None:
    of_fastapi = await answer_of(APIRouter(), function, **options)
    of_bridge = await answer_of(bridge_router(follow=follow), function, replaces=None, **options)
    assert of_bridge.status_code == of_fastapi.status_code
    if of_fastapi.headers.get("content-type") == "application/json":
        assert of_bridge.json() == of_fastapi.json()
    else:
        assert of_bridge.content == of_fastapi.content
    for name in ("content-type", "location"):
        assert of_bridge.headers.get(name) == of_fastapi.headers.get(name)


async def test_without_the_habits_of_flask_bytes_are_those_of_fastapi() -> None:
    of_fastapi = await answer_of(APIRouter(), painted)
    assert (await answer_of(bridge_router(follow=False), painted, replaces=None)).content == of_fastapi.content


async def test_a_list_of_names_is_as_good_as_a_set() -> None:
    answer = await answer_of(
        bridge_router(follow=False), account_with_defaults, replaces=None, response_model_include=["user_id"]
    )
    assert answer.json() == {"userId": 1}


async def test_the_response_class_of_the_router_is_that_of_its_operations() -> None:
    router = bridge_router(follow=True, default_response_class=PlainTextResponse)
    assert (await answer_of(router, text, replaces=None)).text == "hello"


async def test_openapi_shows_what_is_sent() -> None:
    router = bridge_router(follow=True)
    router.get("/html", replaces=None, response_class=HTMLResponse)(text)
    app = FastAPI()
    app.include_router(router)
    content = app.openapi()["paths"]["/html"]["get"]["responses"]["200"]["content"]
    assert content == {"text/html": {"schema": {"type": "string"}}}


def test_headers_are_those_of_the_result_whatever_class_makes_the_response() -> None:
    output = output_of(
        read_function(text),
        {},
        response_class=PlainTextResponse,
        present=str.upper,
        headers=lambda result: {"X-Was": result, "Content-Type": "text/csv"},
    )
    response = Renderer(source="GET /", output=output).render("hello")
    assert (response.body, response.headers["x-was"], response.headers["content-type"]) == (
        b"HELLO",
        "hello",
        "text/csv",
    )


@pytest.mark.parametrize("encode", [None, lambda value: json.dumps(value).encode()])
def test_a_live_object_in_a_model_that_takes_anything_is_named(encode: Any) -> None:
    def tags() -> dict[str, Any]: ...  # type: ignore[empty-body]  # only its annotation counts

    output = output_of(read_function(tags), {}, response_class=None, present=None, headers=None)
    with pytest.raises(LiveObjectReturned, match="GET / returned a live Tag"):
        Renderer(source="GET /", output=output, encode=encode).render({"tag": Tag(name="x")})
