"""Twins of the views that use cookies and the session."""

from datetime import UTC, datetime
from typing import Any

import werkzeug
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from bridge import Bridge, BridgeRouter, FlaskCompat, FlaskSession, to_asgi_response
from bridge.compat import FlaskJSON
from tests.corpus.awkward.state import set_cookies

__all__ = ["router"]


def router(bridge: Bridge, compat: FlaskCompat) -> BridgeRouter:
    twin = bridge.router(compat=compat)
    twin.get("/session")(read_session)
    twin.get("/session/ignored")(ignore_session)
    twin.post("/session")(write_session)
    twin.post("/session/inside")(write_inside)
    twin.delete("/session", status_code=204)(clear_session)
    twin.post("/session/keep")(keep_session)

    encode = FlaskJSON(bridge.legacy).encode

    @twin.get("/cookies")
    def cookies() -> Response:
        return to_asgi_response(set_cookies())

    @twin.delete("/cookies")
    async def delete_cookies(request: Request) -> Response:
        response = werkzeug.Response(encode({"had": request.cookies.get("plain")}), mimetype="application/json")
        response.delete_cookie("plain")
        response.delete_cookie("strict", path="/a", domain="corpus.test")
        return to_asgi_response(response)

    return twin


def read_session(cookie: FlaskSession) -> Any:
    return dict(cookie)


async def ignore_session() -> Response:
    return HTMLResponse("untouched")


async def write_session(cookie: FlaskSession) -> Any:
    cookie["count"] = cookie.get("count", 0) + 1
    cookie["bytes"] = b"\x00"
    cookie["when"] = datetime(2024, 2, 29, tzinfo=UTC)
    cookie["tuple"] = (1, [2])
    return {"count": cookie["count"]}


def write_inside(cookie: FlaskSession, tell: str = "no") -> Response:
    cookie.setdefault("list", []).append(1)
    cookie.modified = tell == "yes"
    return HTMLResponse("")


async def clear_session(cookie: FlaskSession) -> None:
    cookie.clear()


async def keep_session(cookie: FlaskSession, on: str = "yes") -> Response:
    cookie.permanent = on == "yes"
    cookie["kept"] = True
    return HTMLResponse("kept")
