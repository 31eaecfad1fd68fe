"""What Flask applications rely on."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, g, request, send_file, session, stream_with_context
from werkzeug.test import Client

from tests.conformance.client import fetch, http_scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bridge.types import ASGIApp, WSGIApp

    Adapter = Callable[[WSGIApp], ASGIApp]

_CONTENT = bytes(range(256)) * 1000


def _application() -> Flask:  # noqa: C901 - many small views
    app = Flask("conformance")
    app.secret_key = "not a secret"

    @app.route("/")
    def index() -> str:
        return "hello"

    @app.get("/json")
    def json() -> dict[str, Any]:
        return {"b": 1, "a": [None, "\u00e9"]}

    @app.get("/stream")
    def stream() -> Response:
        return Response(stream_with_context(f"{request.path}{i}" for i in range(3)))

    @app.get("/generator")
    def generator() -> Response:
        return Response(str(i) for i in range(5))

    @app.get("/file")
    def file() -> Response:
        return send_file(io.BytesIO(_CONTENT), mimetype="application/x-data", etag="abc")

    @app.get("/redirect")
    def redirect() -> Response:
        return Response(status=302, headers={"Location": "/caf\u00e9"})

    @app.get("/session")
    def visit() -> str:
        session["n"] = session.get("n", 0) + 1
        return str(session["n"])

    @app.get("/cookies")
    def cookies() -> Response:
        response = Response("ok")
        response.set_cookie("a", "1")
        response.delete_cookie("b")
        return response

    @app.get("/crash")
    def crash() -> str:
        raise ZeroDivisionError

    @app.get("/empty")
    def empty() -> tuple[str, int]:
        return "", 204

    return app


_REQUESTS: list[tuple[str, str, dict[str, str]]] = [
    ("GET", "/", {}),
    ("HEAD", "/", {}),
    ("POST", "/", {}),
    ("OPTIONS", "/", {}),
    ("GET", "/missing", {}),
    ("GET", "/json", {}),
    ("GET", "/stream", {}),
    ("HEAD", "/stream", {}),
    ("GET", "/generator", {}),
    ("GET", "/redirect", {}),
    ("GET", "/cookies", {}),
    ("GET", "/crash", {}),
    ("GET", "/empty", {}),
    ("GET", "/session", {}),
]


async def answers_equal_werkzeugs(adapter: Adapter) -> None:
    """Status, headers and body are those of Werkzeug's own WSGI client."""
    app = _application()
    app.logger.disabled = True
    served = adapter(app)
    for method, path, headers in _REQUESTS:
        expected = Client(app).open(path, method=method, headers=headers, base_url="http://example.org")
        connection = await fetch(served, http_scope(path, method=method))
        assert connection.status == expected.status_code, path
        assert connection.content == expected.data, path
        wanted = sorted((name.lower(), value) for name, value in expected.headers.to_wsgi_list())
        got = sorted((name.decode(), value.decode("latin-1")) for name, value in connection.headers)
        assert _stable(got) == _stable(wanted), path
        assert connection.complete, path


def _stable(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Session cookies hold a time, and Flask orders Allow at random."""
    result = []
    for name, value in headers:
        if name == "allow":
            result.append((name, ", ".join(sorted(value.split(", ")))))
        elif value.startswith("session="):
            result.append((name, value.partition(";")[2]))
        else:
            result.append((name, value))
    return result


async def stream_with_context_works(adapter: Adapter) -> None:
    """A generator may keep the request context."""
    connection = await fetch(adapter(_application()), http_scope("/stream"))
    assert connection.content == b"/stream0/stream1/stream2"


async def send_file_works(adapter: Adapter) -> None:
    """A file is sent whole."""
    connection = await fetch(adapter(_application()), http_scope("/file"))
    assert connection.content == _CONTENT


async def ranges_work(adapter: Adapter) -> None:
    """A range of a file is sent as 206, across block boundaries."""
    connection = await fetch(adapter(_application()), http_scope("/file", [(b"range", b"bytes=65530-131080")]))
    assert (connection.status, connection.content) == (206, _CONTENT[65_530:131_081])
    assert connection.header("content-range") == [f"bytes 65530-131080/{len(_CONTENT)}"]


async def conditional_requests_work(adapter: Adapter) -> None:
    """A matching ETag is answered with 304 and no body."""
    connection = await fetch(adapter(_application()), http_scope("/file", [(b"if-none-match", b'"abc"')]))
    assert (connection.status, connection.content) == (304, b"")


async def session_cookie_goes_round(adapter: Adapter) -> None:
    """Flask's session survives from one request to the next."""
    served = adapter(_application())
    first = await fetch(served, http_scope("/session"))
    (cookie,) = first.header("set-cookie")
    second = await fetch(served, http_scope("/session", [(b"cookie", cookie.partition(";")[0].encode())]))
    assert (first.content, second.content) == (b"1", b"2")


async def teardown_runs_once_in_order(adapter: Adapter) -> None:
    """Hooks run in Flask's order, teardown before a plain generator is iterated."""
    app = Flask("hooks")
    calls: list[str] = []
    app.before_request(lambda: calls.append("before"))
    app.teardown_request(lambda _: calls.append("teardown request"))
    app.teardown_appcontext(lambda _: calls.append("teardown app"))

    @app.after_request
    def after(response: Response) -> Response:
        calls.append("after")
        response.call_on_close(lambda: calls.append("close"))
        return response

    @app.get("/")
    def view() -> Response:
        def body() -> Iterator[str]:
            calls.append("body")
            yield "x"

        calls.append("view")
        return Response(body())

    await fetch(adapter(app))
    assert calls == ["before", "view", "after", "teardown request", "teardown app", "body", "close"]


async def outer_context_is_not_shared(adapter: Adapter) -> None:
    """A request inside an application context that the caller has pushed still has its own, and tears it down."""
    app = Flask("outer")
    torn: list[Any] = []
    app.teardown_appcontext(torn.append)

    @app.get("/")
    def view() -> str:
        return str(g.get("owner"))

    with app.app_context():
        g.owner = "outside"
        connection = await fetch(adapter(app))
        assert connection.content == b"None"
        assert torn == [None]


async def forgotten_context_does_not_leak(adapter: Adapter) -> None:
    """A view that pushes a context and does not pop it harms nobody but itself."""
    app = Flask("forgetful")
    app.logger.disabled = True
    torn = []
    app.teardown_appcontext(lambda _: torn.append(g.get("leak")))

    @app.get("/forget")
    def forget() -> str:
        app.app_context().push()
        g.leak = "yes"
        return "ok"

    @app.get("/")
    def view() -> str:
        return str(g.get("leak"))

    served = adapter(app)
    for _ in range(25):
        try:
            await fetch(served, http_scope("/forget"))
        except AssertionError:  # Flask says so itself; some adapters let it through
            continue
    torn.clear()
    connection = await fetch(served)
    assert connection.content == b"None"
    assert torn == [None]
