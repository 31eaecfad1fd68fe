"""What a function may ask FastAPI for, besides its own parameters."""

from typing import Annotated, Any

import pytest
from fastapi import Body, Depends
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

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
