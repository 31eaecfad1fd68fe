"""Werkzeug's responses as responses of FastAPI."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import werkzeug
from fastapi import FastAPI
from flask import Flask, send_file
from hypothesis import given
from hypothesis import strategies as st

from bridge import flask_json_response, redirect, to_asgi_response

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.responses import Response


def sent_by_werkzeug(response: werkzeug.Response) -> tuple[int, list[tuple[str, str]], bytes]:
    body, status, headers = response.get_wsgi_response({"REQUEST_METHOD": "GET"})
    return int(status[:3]), sorted((name.lower(), value) for name, value in headers), b"".join(body)


def sent_by_us(response: Response) -> tuple[int, list[tuple[str, str]], bytes]:
    return response.status_code, sorted(response.headers.items()), bytes(response.body)


@given(
    st.sampled_from([200, 201, 204, 205, 206, 301, 304, 404, 418, 500, 599]),
    st.binary(max_size=40) | st.text(max_size=20),
    st.lists(
        st.tuples(
            st.sampled_from(["X-A", "Set-Cookie", "Location", "Content-Language", "Content-Location", "Vary"]),
            st.text(alphabet='az/é %?=;"', min_size=1, max_size=12),
        ),
        max_size=6,
    ),
    st.sampled_from([None, "text/plain", "application/json"]),
)
def test_status_headers_and_body_are_what_werkzeug_sends(
    status: int, body: bytes | str, headers: list[tuple[str, str]], mimetype: str | None
) -> None:
    def build() -> werkzeug.Response:
        return werkzeug.Response(body, status, headers, mimetype)

    # Starlette strips no spaces, and neither does Werkzeug; both leave that to the server.
    assert sent_by_us(to_asgi_response(build())) == sent_by_werkzeug(build())


def test_a_body_without_a_type_stays_without_one() -> None:
    response = werkzeug.Response("x")
    del response.headers["Content-Type"]
    assert "content-type" not in to_asgi_response(response).headers


def test_a_stream_is_read_has_no_length_and_is_closed() -> None:
    closed: list[str] = []

    def parts() -> Iterator[str]:
        yield from ("one", "two")

    response = werkzeug.Response(parts())
    response.call_on_close(lambda: closed.append("yes"))
    converted = to_asgi_response(response)
    assert converted.body == b"onetwo"
    assert "content-length" not in converted.headers
    assert closed == ["yes"]


def test_a_file_is_read_and_closed() -> None:
    app, file = Flask("app"), BytesIO(b"content")
    with app.test_request_context():
        converted = to_asgi_response(send_file(file, mimetype="text/plain"))
    assert (converted.body, converted.headers["content-length"]) == (b"content", "7")
    assert file.closed


@pytest.mark.parametrize("code", [301, 302, 303, 305, 307, 308])
@pytest.mark.parametrize("location", ["/a", "b?c=d", "https://e.org/é x", '/"><script>', ""])
def test_a_redirect_is_flasks(location: str, code: int) -> None:
    app = Flask("app")
    with app.test_request_context():
        assert sent_by_us(redirect(location, code)) == sent_by_werkzeug(app.redirect(location, code))


async def test_a_response_class_writes_json_as_the_application_does() -> None:
    legacy = Flask("legacy")
    app = FastAPI(default_response_class=flask_json_response(legacy))

    @app.get("/")
    async def show() -> Any:
        return {"b": "é", "a": [1.5, None]}

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver") as client:
        answer = await client.get("/")
    assert answer.content == b'{"a":[1.5,null],"b":"\\u00e9"}\n'
    assert answer.headers["content-type"] == "application/json"
