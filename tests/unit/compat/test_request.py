"""Bodies: read again, as a form, and past the limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import pytest
from fastapi import File, Form, UploadFile
from fastapi.exceptions import RequestValidationError
from flask import Flask
from pydantic import BaseModel
from starlette.requests import Request  # noqa: TC002  FastAPI reads the annotation at run time
from werkzeug.exceptions import Conflict

from tests.unit.compat.applications import flask_in_json, following

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

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
