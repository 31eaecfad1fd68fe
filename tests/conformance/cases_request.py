"""The request as the application sees it."""

from __future__ import annotations

import contextvars
import wsgiref.validate
from typing import TYPE_CHECKING, Any

from tests.conformance.client import Connection, fetch, http_scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.types import ASGIApp, Scope, WSGIApp

    Adapter = Callable[[WSGIApp], ASGIApp]

_variable: contextvars.ContextVar[str] = contextvars.ContextVar("conformance", default="unset")


async def _environ(adapter: Adapter, scope: Scope) -> dict[str, Any]:
    seen: dict[str, Any] = {}

    def app(environ: Any, start_response: Any) -> list[bytes]:
        seen.update(environ)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"ok"]

    connection = await fetch(adapter(app), scope)
    assert connection.status == 200
    return seen


async def cookies_are_joined(adapter: Adapter) -> None:
    """Several Cookie headers become one, joined with a semicolon."""
    scope = http_scope(headers=[(b"cookie", b"a=1"), (b"cookie", b"b=2")])
    assert (await _environ(adapter, scope))["HTTP_COOKIE"] == "a=1; b=2"


async def repeated_headers_are_joined(adapter: Adapter) -> None:
    """Other repeated headers become one, joined with a comma."""
    scope = http_scope(headers=[(b"x-a", b"1"), (b"x-b", b"9"), (b"x-a", b"2")])
    assert (await _environ(adapter, scope))["HTTP_X_A"] == "1,2"


async def underscore_headers_are_dropped(adapter: Adapter) -> None:
    """X_User does not pass for X-User."""
    scope = http_scope(headers=[(b"x-user", b"bob"), (b"x_user", b"admin")])
    assert (await _environ(adapter, scope))["HTTP_X_USER"] == "bob"
    scope = http_scope(headers=[(b"x_user", b"admin")])
    assert "HTTP_X_USER" not in await _environ(adapter, scope)


async def entity_headers_have_no_prefix(adapter: Adapter) -> None:
    """Content-Type and Content-Length are CONTENT_TYPE and CONTENT_LENGTH only."""
    scope = http_scope(headers=[(b"content-type", b"text/x"), (b"content-length", b"0")], method="POST")
    environ = await _environ(adapter, scope)
    assert (environ["CONTENT_TYPE"], environ["CONTENT_LENGTH"]) == ("text/x", "0")
    assert not {"HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"} & set(environ)


async def header_bytes_are_latin1(adapter: Adapter) -> None:
    """Header values are bytes decoded as latin-1."""
    scope = http_scope(headers=[(b"x-a", b"caf\xc3\xa9 \xff")])
    assert (await _environ(adapter, scope))["HTTP_X_A"] == "caf\xc3\xa9 \xff"


async def path_is_bytes_as_latin1(adapter: Adapter) -> None:
    """PATH_INFO is the percent-decoded bytes decoded as latin-1."""
    scope = http_scope("/caf\u00e9/a b", raw_path=b"/caf%C3%A9/a%20b")
    assert (await _environ(adapter, scope))["PATH_INFO"] == "/caf\xc3\xa9/a b"


async def path_keeps_bytes_that_are_not_utf8(adapter: Adapter) -> None:
    """A path that is not UTF-8 reaches the application unchanged."""
    scope = http_scope("/\ufffd", raw_path=b"/%FF")
    assert (await _environ(adapter, scope))["PATH_INFO"] == "/\xff"


async def rewritten_path_wins(adapter: Adapter) -> None:
    """A path that an ASGI middleware has rewritten counts, not the raw one."""
    scope = http_scope("/changed", raw_path=b"/original")
    assert (await _environ(adapter, scope))["PATH_INFO"] == "/changed"


async def root_path_is_stripped(adapter: Adapter) -> None:
    """A mounted application sees its prefix as SCRIPT_NAME and the rest as PATH_INFO."""
    environ = await _environ(adapter, http_scope("/api/users", root_path="/api"))
    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == ("/api", "/users")


async def root_path_ends_at_a_segment(adapter: Adapter) -> None:
    """The prefix /api is not stripped from /apiary."""
    environ = await _environ(adapter, http_scope("/apiary", root_path="/api"))
    assert environ["PATH_INFO"] == "/apiary"


async def root_path_that_is_everything(adapter: Adapter) -> None:
    """A request for exactly the prefix has an empty PATH_INFO."""
    environ = await _environ(adapter, http_scope("/api", root_path="/api"))
    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == ("/api", "")


async def raw_uri_is_given(adapter: Adapter) -> None:
    """The request target is there as the client sent it, for signatures and logs."""
    scope = http_scope("/a/b c", raw_path=b"/a%2Fb%20c", query_string=b"q=%C3%A9&r=1")
    environ = await _environ(adapter, scope)
    assert environ["REQUEST_URI"] == "/a%2Fb%20c?q=%C3%A9&r=1"
    assert environ["QUERY_STRING"] == "q=%C3%A9&r=1"


async def proxy_is_applied_once(adapter: Adapter) -> None:
    """The client and scheme of the scope count; forwarding headers are passed on, not applied again."""
    headers = [(b"x-forwarded-for", b"203.0.113.9"), (b"x-forwarded-proto", b"http")]
    environ = await _environ(adapter, http_scope(headers=headers, scheme="https", client=("198.51.100.7", 1)))
    assert (environ["REMOTE_ADDR"], environ["wsgi.url_scheme"]) == ("198.51.100.7", "https")


async def unix_socket_is_served(adapter: Adapter) -> None:
    """A server on a Unix socket has no port and no client address."""
    environ = await _environ(adapter, http_scope(server=("/run/app.sock", None), client=None))
    assert environ["SERVER_NAME"]
    assert environ["SERVER_PORT"].isdigit()


async def environ_is_valid(adapter: Adapter) -> None:
    """wsgiref.validate finds nothing wrong, in the request and in the response."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        data = environ["wsgi.input"].read(3) + environ["wsgi.input"].readline() + b"".join(environ["wsgi.input"])
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(data)))])
        return [data]

    headers = [(b"content-length", b"9"), (b"content-type", b"text/plain")]
    connection = await fetch(
        adapter(wsgiref.validate.validator(app)), http_scope("/a", headers, method="POST"), b"abcd", b"e\nfgh"
    )
    assert connection.content == b"abcde\nfgh"


async def context_variables_go_in(adapter: Adapter) -> None:
    """The application sees the context variables of the ASGI task."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [_variable.get().encode()]

    token = _variable.set("given")
    try:
        connection = await fetch(adapter(app))
    finally:
        _variable.reset(token)
    assert connection.content == b"given"


async def context_variables_do_not_leak(adapter: Adapter) -> None:
    """What one request sets is invisible in the next on the same thread."""
    seen = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        seen.append(_variable.get())
        _variable.set("left behind")
        start_response("200 OK", [])
        return [b"ok"]

    served = adapter(app)
    for _ in range(25):
        await fetch(served)
    assert set(seen) == {"unset"}


async def websockets_are_refused(adapter: Adapter) -> None:
    """A WebSocket handshake is closed and never reaches the application."""
    called = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        called.append(environ)
        start_response("200 OK", [])
        return []

    connection = Connection(adapter(app), http_scope(type="websocket", scheme="ws", subprotocols=[]))
    connection._inbound.put_nowait({"type": "websocket.connect"})
    await connection.start()
    assert [message["type"] for message in connection.sent] == ["websocket.close"]
    assert not called


async def lifespan_is_answered(adapter: Adapter) -> None:
    """A server that insists on the lifespan protocol gets its answers."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        raise AssertionError

    connection = Connection(adapter(app), {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}})
    connection._inbound.put_nowait({"type": "lifespan.startup"})
    connection._inbound.put_nowait({"type": "lifespan.shutdown"})
    await connection.start()
    assert [m["type"] for m in connection.sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
