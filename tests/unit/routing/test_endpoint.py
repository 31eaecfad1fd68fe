"""What a function may ask FastAPI for, besides its own parameters."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any

import pytest
from fastapi import Body, Depends
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from bridge import BridgeRouter, FlaskCompat
from tests.unit.routing.applications import client_of, flask_with, installed


def greet(request: Request, response: Response) -> dict[str, str]:
    response.headers["X-Greeting"] = "hello"
    response.set_cookie("greeted", "yes")
    response.status_code = 202
    return {"path": request.url.path}


async def test_a_function_may_ask_for_the_request_and_set_headers_on_the_response() -> None:
    app, _ = installed(flask_with({}), lambda router: router.get("/greet", replaces=None)(greet))
    async with client_of(app) as client:
        answer = await client.get("/greet")
    assert (answer.status_code, answer.json()) == (202, {"path": "/greet"})
    assert answer.headers["x-greeting"] == "hello"
    assert answer.cookies == {"greeted": "yes"}


def set_more(response: Response) -> None:
    response.headers["X-More"] = "more"
    response.set_cookie("seen", "yes")


def accept(response: Response) -> None:
    response.status_code = 202


def leave_empty(response: Response) -> None:
    response.status_code = 204


async def own_response(response: Annotated[Response, "of FastAPI"]) -> dict[str, str]:
    response.headers["X-Own"] = "own"
    return {}


async def nothing_asked() -> dict[str, str]:
    return {}


async def returned() -> Response:
    return PlainTextResponse("as it is", 418)


@pytest.mark.parametrize("function", [nothing_asked, own_response])
@pytest.mark.parametrize("follow", [True, False])
async def test_what_a_dependency_sets_on_the_response_is_sent(
    function: Callable[..., Awaitable[dict[str, str]]], *, follow: bool
) -> None:
    flask = flask_with({})

    def declare(router: BridgeRouter) -> None:
        compat = FlaskCompat(flask) if follow else None
        dependencies = [Depends(set_more), Depends(accept)]
        router.get("/more", replaces=None, compat=compat, dependencies=dependencies)(function)

    app, _ = installed(flask, declare)
    async with client_of(app) as client:
        answer = await client.get("/more")
    assert (answer.status_code, answer.json(), answer.headers["x-more"]) == (202, {}, "more")
    assert answer.cookies == {"seen": "yes"}
    assert answer.headers.get("x-own") == ("own" if function is own_response else None)


async def test_a_status_that_a_dependency_sets_may_leave_no_body() -> None:
    app, _ = installed(
        flask_with({}),
        lambda router: router.get("/", replaces=None, dependencies=[Depends(leave_empty)])(nothing_asked),
    )
    async with client_of(app) as client:
        answer = await client.get("/")
    assert (answer.status_code, answer.content) == (204, b"")


async def test_a_response_that_is_returned_stays_as_it_is_as_in_fastapi() -> None:
    """It may be one object for all requests, which must not gather what was meant for each of them."""
    dependencies = [Depends(set_more), Depends(accept)]
    app, _ = installed(
        flask_with({}), lambda router: router.get("/", replaces=None, dependencies=dependencies)(returned)
    )
    async with client_of(app) as client:
        answer = await client.get("/")
    assert (answer.status_code, answer.text, dict(answer.cookies)) == (418, "as it is", {})


async def sized(size: int, factor: int) -> dict[str, int]:
    """Multiply."""
    return {"size": size * factor}


async def test_a_partial_function_is_served_under_the_name_of_the_one_behind_it() -> None:
    app, _ = installed(flask_with({}), lambda router: router.get("/sized", replaces=None)(partial(sized, factor=10)))
    async with client_of(app) as client:
        assert (await client.get("/sized?size=2")).json() == {"size": 20}
    assert app.openapi()["paths"]["/sized"]["get"]["summary"] == "Sized"
    assert app.openapi()["paths"]["/sized"]["get"]["description"] == "Multiply."


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "head", "options", "trace"])
@pytest.mark.parametrize("rules", [{}, {"show": "GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS,TRACE /it"}])
async def test_each_method_has_a_decorator(method: str, rules: dict[str, str]) -> None:
    def declare(router: BridgeRouter) -> None:
        getattr(router, method)("/it", replaces="show" if rules else None, status_code=202)(nothing_asked)

    app, _ = installed(flask_with(rules), declare)
    async with client_of(app) as client:
        answer = await client.request(method, "/it")
    assert (answer.status_code, answer.headers["bridge-path"]) == (202, "native")


async def other_database() -> Any:
    return "other"


OtherSession = Annotated[AsyncSession, Depends(other_database)]


async def sessions(session: AsyncSession, other: OtherSession) -> dict[str, str]:
    return {"session": type(session).__name__, "other": str(other)}


async def test_a_session_of_a_dependency_comes_from_there_and_can_be_overridden() -> None:
    app, _ = installed(flask_with({}), lambda router: router.get("/sessions", replaces=None)(sessions))
    async with client_of(app) as client:
        assert (await client.get("/sessions")).json() == {"session": "AsyncSession", "other": "other"}
        app.dependency_overrides[other_database] = lambda: "overridden"
        assert (await client.get("/sessions")).json() == {"session": "AsyncSession", "other": "overridden"}


@pytest.mark.parametrize("content", [b"{", b"\xff", b"[" * 100_000])
async def test_a_body_that_is_not_json_never_reaches_a_function_that_takes_anything(content: bytes) -> None:
    reached: list[Any] = []

    def take(payload: Any = Body()) -> None:  # noqa: B008  FastAPI's form
        reached.append(payload)

    flask = flask_with({})

    def declare(router: BridgeRouter) -> None:
        router.post("/take", replaces=None, compat=FlaskCompat(flask))(take)

    app, _ = installed(flask, declare)
    async with client_of(app) as client:
        answer = await client.post("/take", content=content, headers={"content-type": "application/json"})
    assert reached == []
    assert answer.status_code == (500 if content.startswith(b"[") else 400)  # what Flask makes of a RecursionError
