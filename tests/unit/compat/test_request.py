"""Bodies: read again, as a form, and past the limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import pytest
from fastapi import Depends, File, Form, HTTPException, UploadFile
from fastapi.exceptions import RequestValidationError
from flask import Flask
from pydantic import BaseModel
from starlette.requests import Request  # noqa: TC002  FastAPI reads the annotation at run time
from werkzeug.exceptions import Conflict

from tests.unit.compat.applications import flask_in_json, following

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from bridge import BridgeRouter

LIMIT = 1000
FORM = b"text=hi&more=x"
URLENCODED = {"content-type": "application/x-www-form-urlencoded"}
BAD_REQUEST = (400, {"error": "Bad Request"})
TOO_LARGE = (413, {"error": "Request Entity Too Large"})


async def in_pieces(content: bytes) -> AsyncIterator[bytes]:
    """Sent without a Content-Length."""
    for start in range(0, len(content), 300):
        yield content[start : start + 300]


def read_again(router: BridgeRouter) -> None:
    @router.post("/form", replaces=None)
    async def form(request: Request) -> list[Any]:
        return [len(await request.body()), (await request.form())["text"]]

    @router.post("/stream", replaces=None)
    async def stream(request: Request) -> list[Any]:
        return [len(await request.body()), len(b"".join([chunk async for chunk in request.stream()]))]

    @router.post("/declared", replaces=None)
    async def declared(request: Request, text: Annotated[str, Form()]) -> list[Any]:
        return [text, (await request.form())["more"]]


@pytest.mark.parametrize(
    ("url", "expected"), [("/form", [14, "hi"]), ("/stream", [14, 14]), ("/declared", ["hi", "x"])]
)
async def test_a_body_may_be_read_again(url: str, expected: list[Any]) -> None:
    async with following(flask_in_json(), read_again) as client:
        answer = await client.post(url, content=FORM, headers=URLENCODED)
    assert (answer.status_code, answer.json()) == (200, expected)


def several(router: BridgeRouter) -> None:
    @router.post("/several", replaces=None)
    async def form(
        request: Request, n: Annotated[str, Form()], all_n: Annotated[list[str], Form(alias="n")]
    ) -> list[Any]:
        return [n, all_n, (await request.form())["n"]]


@pytest.mark.parametrize(
    "options", [{"content": b"n=1&n=2", "headers": URLENCODED}, {"files": [("n", (None, "1")), ("n", (None, "2"))]}]
)
async def test_the_first_of_several_fields_counts_as_under_flask(options: dict[str, Any]) -> None:
    async with following(flask_in_json(), several) as client:
        assert (await client.post("/several", **options)).json() == ["1", ["1", "2"], "1"]
    async with following(flask_in_json(), several, requests=False) as client:
        assert (await client.post("/several", **options)).json() == ["2", ["1", "2"], "2"]


class Order(BaseModel):
    number: int


def forms(router: BridgeRouter) -> None:
    @router.post("/number", replaces=None)
    async def number(number: Annotated[int, Form()]) -> int:
        return number

    @router.post("/upload", replaces=None)
    async def upload(file: UploadFile, page: int = 1) -> int:
        return page * len(await file.read())

    @router.post("/model", replaces=None)
    async def model(order: Annotated[Order, Form()]) -> int:
        return order.number

    @router.post("/optional", replaces=None)
    async def optional(text: Annotated[str, Form()] = "", file: Annotated[UploadFile | None, File()] = None) -> int:
        return len(text) if file is None else len(await file.read())


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("/number", {"data": {"number": "many"}}),
        ("/number", {"data": {"other": "1"}}),
        ("/number", {"files": {"number": b"1"}}),
        ("/number", {"content": b"text", "headers": {"content-type": "text/plain"}}),
        ("/number", {"json": {"number": 1}}),
        ("/number", {}),
        ("/upload", {"files": {"other": b"1"}}),
        ("/upload?page=x", {"files": {"file": b"1"}}),
        ("/model", {"data": {"number": "many"}}),
    ],
)
@pytest.mark.parametrize("requests", [True, False])
async def test_a_form_that_does_not_validate_is_a_bad_request(url: str, sent: dict[str, Any], requests: bool) -> None:
    async with following(flask_in_json(), forms, requests=requests) as client:
        answer = await client.post(url, **sent)
    assert (answer.status_code, answer.json()) == BAD_REQUEST


async def test_what_translates_validation_errors_gets_those_of_a_form() -> None:
    def translate(errors: Sequence[dict[str, Any]]) -> Exception:
        return Conflict(str([error["loc"] for error in errors]))

    async with following(Flask("legacy"), forms, validation=translate) as client:
        answer = await client.post("/number", data={"number": "many"})
    assert answer.status_code == 409
    assert "number" in answer.text


async def test_a_body_that_the_route_has_consumed_is_not_read_for_the_answer() -> None:
    def declare(router: BridgeRouter) -> None:
        @router.post("/consume", replaces=None)
        async def consume(request: Request) -> None:
            await request.form()
            raise RequestValidationError([{"type": "missing", "loc": ("body", "text"), "msg": "Field required"}])

    async with following(flask_in_json(), declare) as client:
        answer = await client.post("/consume", content=FORM, headers=URLENCODED)
    assert (answer.status_code, answer.json()) == BAD_REQUEST


def large() -> list[Any]:
    """A form, an upload, and a form without a Content-Length."""
    return [
        pytest.param(lambda: {"data": {"text": "x" * LIMIT, "number": "1"}}, id="urlencoded"),
        pytest.param(lambda: {"files": {"file": b"x" * LIMIT}}, id="multipart"),
        pytest.param(lambda: {"content": in_pieces(b"text=" + b"x" * LIMIT), "headers": URLENCODED}, id="in pieces"),
    ]


@pytest.mark.parametrize("send", large())
@pytest.mark.parametrize("url", ["/number", "/upload", "/model", "/optional"])
async def test_a_form_past_the_limit_is_too_large(url: str, send: Callable[[], dict[str, Any]]) -> None:
    async with following(flask_in_json(MAX_CONTENT_LENGTH=LIMIT), forms) as client:
        answer = await client.post(url, **send())
    assert (answer.status_code, answer.json()) == TOO_LARGE


async def test_a_form_within_the_limit_is_read() -> None:
    async with following(flask_in_json(MAX_CONTENT_LENGTH=LIMIT), forms) as client:
        answers = [
            await client.post("/number", data={"number": "7"}),
            await client.post("/optional", content=in_pieces(b"text=" + b"x" * (LIMIT - 5)), headers=URLENCODED),
            await client.post("/upload", files={"file": b"x" * 700}),
        ]
    assert [answer.json() for answer in answers] == [7, LIMIT - 5, 700]


@pytest.mark.parametrize("send", large())
async def test_a_form_past_the_limit_is_refused_after_the_dependencies(send: Callable[[], dict[str, Any]]) -> None:
    ended: list[type[Exception]] = []

    async def transaction() -> AsyncIterator[None]:
        try:
            yield
        except Exception as error:
            ended.append(type(error))
            raise

    async def log_in(name: str = "") -> None:
        if not name:
            raise HTTPException(401)

    def declare(router: BridgeRouter) -> None:
        needs = [Depends(transaction), Depends(log_in)]

        @router.post("/optional", replaces=None, dependencies=needs)
        async def optional(
            text: Annotated[str, Form()] = "", file: Annotated[UploadFile | None, File()] = None
        ) -> None:
            raise AssertionError((text, file))

    async with following(flask_in_json(MAX_CONTENT_LENGTH=LIMIT), declare) as client:
        statuses = [
            (await client.post("/optional", params=query, **send())).status_code for query in ({}, {"name": "x"})
        ]
    assert statuses == [401, 413]
    assert ended == [HTTPException, HTTPException]


def read_raw(router: BridgeRouter) -> None:
    @router.post("/form", replaces=None)
    async def form(request: Request) -> None:
        await request.form()
        raise AssertionError


@pytest.mark.parametrize("send", large())
async def test_a_form_that_a_route_reads_itself_is_refused_past_the_limit(send: Callable[[], dict[str, Any]]) -> None:
    async with following(flask_in_json(MAX_CONTENT_LENGTH=LIMIT), read_raw) as client:
        answer = await client.post("/form", **send())
    assert (answer.status_code, answer.json()) == TOO_LARGE


@pytest.mark.parametrize(
    ("content", "pieces", "expected"),
    [
        (b"x" * LIMIT, [LIMIT], 200),
        (b"x" * (LIMIT + 1), [], 413),
        (in_pieces(b"x" * (LIMIT + 1)), [300, 300, 300], 413),
    ],
    ids=["within", "past", "past, in pieces"],
)
async def test_a_stream_ends_at_the_limit(content: Any, pieces: list[int], expected: int) -> None:
    read: list[bytes] = []

    def declare(router: BridgeRouter) -> None:
        @router.post("/stream", replaces=None)
        async def stream(request: Request) -> None:
            async for chunk in request.stream():
                read.append(chunk)  # noqa: PERF401  what was read until it fails counts, too

    async with following(flask_in_json(MAX_CONTENT_LENGTH=LIMIT), declare) as client:
        answer = await client.post("/stream", content=content)
    assert answer.status_code == expected
    assert [len(chunk) for chunk in read if chunk] == pieces


@pytest.mark.parametrize("send", large())
async def test_a_dependency_that_reads_a_form_past_the_limit_is_refused(send: Callable[[], dict[str, Any]]) -> None:
    async def check_token(request: Request) -> None:
        assert (await request.form())["token"]

    def declare(router: BridgeRouter) -> None:
        @router.post("/optional", replaces=None, dependencies=[Depends(check_token)])
        async def optional(text: Annotated[str, Form()] = "") -> None:
            raise AssertionError(text)

    async with following(flask_in_json(MAX_CONTENT_LENGTH=LIMIT), declare) as client:
        assert (await client.post("/optional", **send())).status_code == 413
