"""Exceptions of a route: what its dependencies see of them, and what the client is answered."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, HTTPException, Response
from flask import Flask
from starlette.requests import Request  # noqa: TC002  FastAPI reads the annotation at run time

from bridge import FlaskCompat, FlaskSession
from tests.unit.compat.applications import flask_in_json, following
from tests.unit.routing.applications import client_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bridge import BridgeRouter


class Transaction:
    """Tells how it ended."""

    def __init__(self) -> None:
        self.ended: list[object] = []

    async def __call__(self) -> AsyncIterator[None]:
        try:
            yield
        except Exception as error:
            self.ended.append(error)
            raise
        else:
            self.ended.append("committed")


CONFLICT = HTTPException(409, "sold out")
BROKEN = ValueError("broken")


@pytest.mark.parametrize("scope", ["function", "request"])
@pytest.mark.parametrize(("error", "status"), [(None, 200), (CONFLICT, 409), (BROKEN, 500)])
@pytest.mark.parametrize("path", ["bridged", "native"])
async def test_a_dependency_sees_how_the_route_ended(
    path: str, error: Exception | None, status: int, scope: Any
) -> None:
    transaction = Transaction()

    def declare(router: BridgeRouter) -> None:
        def end() -> None:
            if error is not None:
                raise error

        async def port() -> None:
            end()

        needs = [Depends(transaction, scope=scope)]
        router.get("/end", replaces=None, dependencies=needs)(end if path == "bridged" else port)

    async with following(flask_in_json(), declare) as client:
        answer = await client.get("/end")
    assert answer.status_code == status
    assert transaction.ended == [error or "committed"]
    if error is CONFLICT:
        assert answer.json() == {"error": "Conflict"}


async def translating() -> AsyncIterator[None]:
    try:
        yield
    except ValueError as error:
        raise CONFLICT from error


async def swallowing() -> AsyncIterator[None]:
    with suppress(ValueError):
        yield


async def conflicting_at_the_end() -> AsyncIterator[None]:
    yield
    raise CONFLICT


async def failing_at_the_end() -> AsyncIterator[None]:
    yield
    raise BROKEN


def fail() -> None:
    raise BROKEN


def succeed() -> None: ...


async def test_the_exception_that_a_dependency_makes_of_another_is_answered() -> None:
    def declare(router: BridgeRouter) -> None:
        router.get("/fail", replaces=None, dependencies=[Depends(translating)])(fail)

    async with following(flask_in_json(), declare) as client:
        answer = await client.get("/fail")
    assert (answer.status_code, answer.json()) == (409, {"error": "Conflict"})


async def test_an_exception_that_a_dependency_swallows_is_a_failure_in_flasks_form() -> None:
    def declare(router: BridgeRouter) -> None:
        router.get("/fail", replaces=None, dependencies=[Depends(swallowing)])(fail)

    async with following(flask_in_json(), declare) as client:
        answer = await client.get("/fail")
    assert (answer.status_code, answer.json()) == (500, {"error": "Internal Server Error"})


async def test_a_dependency_that_fails_before_the_response_starts_decides_the_answer() -> None:
    def declare(router: BridgeRouter) -> None:
        router.get("/end", replaces=None, dependencies=[Depends(conflicting_at_the_end, scope="function")])(succeed)

    async with following(flask_in_json(), declare) as client:
        assert (await client.get("/end")).status_code == 409


async def in_background() -> Response:
    tasks = BackgroundTasks()
    tasks.add_task(fail)
    return Response(background=tasks)


async def test_an_exception_after_the_response_has_started_is_raised_as_it_is() -> None:
    def declare(router: BridgeRouter) -> None:
        router.get("/background", replaces=None)(in_background)
        router.get("/end", replaces=None, dependencies=[Depends(failing_at_the_end)])(succeed)

    async with following(flask_in_json(), declare, raising=True) as client:
        for url in ("/background", "/end"):
            with pytest.raises(ValueError, match="broken"):
                await client.get(url)


async def test_an_error_answer_has_the_session_cookie_and_what_after_adds() -> None:
    def label(response: Response) -> None:
        response.headers.append("X-Label", "added")

    def declare(router: BridgeRouter) -> None:
        @router.get("/change", replaces=None)
        async def change(session: FlaskSession, fails: bool) -> None:
            session["seen"] = True
            if fails:
                raise CONFLICT

    async with following(flask_in_json(SECRET_KEY="key"), declare, after=label) as client:
        for fails in (False, True):
            answer = await client.get("/change", params={"fails": fails})
            assert answer.status_code == (409 if fails else 200)
            assert answer.headers.get_list("x-label") == ["added"]
            assert len(answer.headers.get_list("set-cookie")) == 1


async def test_handlers_of_the_fastapi_application_are_for_routes_that_do_not_follow_flask() -> None:
    def declare(app: FastAPI, compat: FlaskCompat) -> None:
        router = APIRouter(route_class=compat.route_class())
        router.get("/follows")(conflict)
        app.include_router(router, prefix="/inner")
        app.get("/own")(conflict)

        @app.exception_handler(HTTPException)
        async def answer(_request: Request, _error: Exception) -> Response:
            return Response("FastAPI's", 409)

    async def conflict() -> None:
        raise CONFLICT

    answers = {}
    for errors in (True, False):
        app = FastAPI()
        declare(app, FlaskCompat(flask_in_json(), errors=errors))
        async with client_of(app) as client:
            answers[errors] = [(await client.get(url)).text for url in ("/inner/follows", "/own")]
    assert answers == {True: ['{"error":"Conflict"}\n', "FastAPI's"], False: ["FastAPI's", "FastAPI's"]}


async def test_a_middleware_sees_the_state_that_a_route_left() -> None:
    app = FastAPI()
    router = APIRouter(route_class=FlaskCompat(flask_in_json()).route_class())

    @router.get("/named")
    async def name(request: Request) -> None:
        request.state.name = "kept"

    app.include_router(router)

    @app.middleware("http")
    async def tell(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        response.headers["X-Name"] = request.state.name
        return response

    async with client_of(app) as client:
        assert (await client.get("/named")).headers["x-name"] == "kept"


BASIC = {"WWW-Authenticate": "Basic"}


@pytest.mark.parametrize(
    ("error", "body"),
    [
        (HTTPException(401, headers=BASIC), '{"error":"Unauthorized"}\n'),
        (HTTPException(429, "slow", headers={"Retry-After": "7"}), '{"error":"Too Many Requests"}\n'),
        (HTTPException(405, headers={"Allow": "POST"}), '{"error":"Method Not Allowed"}\n'),
        (HTTPException(307, headers={"Location": "/login"}), '{"detail":"Temporary Redirect"}'),
        (HTTPException(402, {"code": "credit"}), '{"detail":{"code":"credit"}}'),
        (HTTPException(304, headers={"ETag": '"1"'}), ""),
        (HTTPException(299, "not a status of the standard"), '{"detail":"not a status of the standard"}'),
    ],
    ids=lambda value: str(value.status_code) if isinstance(value, HTTPException) else "",
)
async def test_an_http_exception_keeps_its_status_and_headers(error: HTTPException, body: str) -> None:
    async def refuse() -> None:
        raise error

    async with following(flask_in_json(), lambda router: router.get("/", replaces=None)(refuse)) as client:
        answer = await client.get("/")
    assert (answer.status_code, answer.text) == (error.status_code, body)
    for name, value in (error.headers or {}).items():
        assert answer.headers.get_list(name) == [value]


async def test_a_header_that_the_handler_sets_counts() -> None:
    flask = Flask("legacy", static_folder=None)

    @flask.errorhandler(401)
    def ask(_error: Exception) -> Any:
        return "who?", 401, {"WWW-Authenticate": "Negotiate"}

    async def refuse() -> None:
        raise HTTPException(401, headers=BASIC)

    async with following(flask, lambda router: router.get("/", replaces=None)(refuse)) as client:
        answer = await client.get("/")
    assert answer.headers.get_list("www-authenticate") == ["Negotiate"]


async def test_an_exception_that_is_raised_again_keeps_no_frames_of_earlier_requests() -> None:
    async with following(flask_in_json(), lambda router: router.get("/", replaces=None)(fail)) as client:
        assert (await client.get("/")).status_code == 500
    assert BROKEN.__traceback__ is None
