"""The request body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Flask, request

from tests.conformance.client import Connection, fetch, http_scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.types import ASGIApp, WSGIApp

    Adapter = Callable[[WSGIApp], ASGIApp]

_FORM = (b"content-type", b"application/x-www-form-urlencoded")
_CHUNKED = (b"transfer-encoding", b"chunked")


def _echo() -> Flask:
    app = Flask("echo")

    @app.post("/")
    def echo() -> bytes:
        return request.get_data()

    @app.post("/form")
    def form() -> str:
        return "|".join(f"{name}={value}" for name, value in sorted(request.form.items()))

    @app.post("/file")
    def file() -> str:
        upload = request.files["f"]
        return f"{upload.filename}:{len(upload.read())}"

    return app


async def chunked_body_arrives(adapter: Adapter) -> None:
    """A chunked body, which has no Content-Length, is not empty."""
    connection = await fetch(adapter(_echo()), http_scope(headers=[_CHUNKED], method="POST"), b"abc", b"", b"def")
    assert connection.content == b"abcdef"


async def body_without_any_length_arrives(adapter: Adapter) -> None:
    """An HTTP/2 body, which has neither Content-Length nor Transfer-Encoding, is not empty."""
    connection = await fetch(adapter(_echo()), http_scope(method="POST", http_version="2"), b"abc", b"def")
    assert connection.content == b"abcdef"


async def chunked_form_is_parsed(adapter: Adapter) -> None:
    """A form that is sent in chunks is parsed."""
    scope = http_scope("/form", [_CHUNKED, _FORM], method="POST")
    assert (await fetch(adapter(_echo()), scope, b"a=1", b"&b=2")).content == b"a=1|b=2"


async def multipart_upload_is_parsed(adapter: Adapter) -> None:
    """A file upload in many messages is parsed."""
    boundary = b"----b"
    head = b"--" + boundary + b'\r\nContent-Disposition: form-data; name="f"; filename="x.bin"\r\n\r\n'
    data = head + b"x" * 300_000 + b"\r\n--" + boundary + b"--\r\n"
    headers = [
        (b"content-type", b"multipart/form-data; boundary=" + boundary),
        (b"content-length", str(len(data)).encode()),
    ]
    blocks = [data[i : i + 10_000] for i in range(0, len(data), 10_000)]
    connection = await fetch(adapter(_echo()), http_scope("/file", headers, method="POST"), *blocks)
    assert connection.content == b"x.bin:300000"


async def large_body_arrives(adapter: Adapter) -> None:
    """Several megabytes in odd blocks arrive unchanged."""
    data = bytes(range(256)) * 20_000
    blocks = [data[i : i + 65_521] for i in range(0, len(data), 65_521)]
    scope = http_scope(headers=[(b"content-length", str(len(data)).encode())], method="POST")
    connection = await fetch(adapter(_echo()), scope, *blocks)
    assert connection.content == data


async def disconnect_is_not_the_end_of_the_body(adapter: Adapter) -> None:
    """A client that goes away in mid-body never looks like one that has sent everything."""
    complete = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        complete.append(environ["wsgi.input"].read())
        start_response("200 OK", [])
        return [b"ok"]

    connection = Connection(adapter(app), http_scope(headers=[_CHUNKED], method="POST"))
    connection.body(b"half", more=True)
    connection.disconnect()
    await connection.start()
    assert complete == []


async def unread_body_does_no_harm(adapter: Adapter) -> None:
    """An application may answer without reading the body."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [b"no, thanks"]

    connection = await fetch(adapter(app), http_scope(headers=[_CHUNKED], method="POST"), *[b"x" * 1000] * 50)
    assert connection.content == b"no, thanks"
