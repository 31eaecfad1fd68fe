"""Cookies, redirects and refusals, and what goes wrong in their ports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import Header
from fastapi.responses import RedirectResponse, Response
from flask import make_response, request
from flask import redirect as flask_redirect
from sqlalchemy.orm import Session
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, TooManyRequests, Unauthorized

from bridge import redirect
from tests.integration.shadow.defects.planting import Defect, Operation, Sent, paths

__all__ = ["TABLE"]


def theme_response(age: int = 3600, value: str = "dark", *, http_only: bool = True) -> Any:
    response = make_response({"theme": value})
    response.set_cookie("theme", value, max_age=age, httponly=http_only)
    response.delete_cookie("draft")
    return response


def themed(*drop: str, **cookie: Any) -> Callable[..., Any]:
    async def native() -> Any:
        response = Response(b'{"theme":"dark"}\n', media_type="application/json")
        lines = {
            "theme": "theme=dark; Expires={}; Max-Age=3600; HttpOnly; Path=/",
            "draft": "draft=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/",
        }
        for name, line in {**lines, **cookie}.items():
            if name not in drop:
                response.headers.append("set-cookie", line.replace("Expires={}; ", ""))
        return response

    return native


THEME = Operation("GET", "/theme", themed(), paths("/theme"), view=lambda _session: theme_response())
THEMES = [
    Defect("a cookie is not set", "header.cookie.missing", themed("theme")),
    Defect("a cookie more", "header.cookie.extra", themed(seen="seen=1; Path=/")),
    Defect("a cookie's value", "header.cookie.value", themed(theme="theme=light; Max-Age=3600; HttpOnly; Path=/")),
    Defect("a cookie that scripts read", "header.cookie.attribute", themed(theme="theme=dark; Max-Age=3600; Path=/")),
    Defect("minutes for seconds", "header.cookie.lifetime", themed(theme="theme=dark; Max-Age=60; HttpOnly; Path=/")),
    Defect(
        "a cookie deleted by Starlette",
        "header.cookie.deletion",
        themed(draft='draft=""; Max-Age=0; Path=/; SameSite=lax'),
    ),
]


def moving(answer: Callable[[], Any]) -> Callable[..., Any]:
    async def native() -> Any:
        return answer()

    return native


MOVED = Operation(
    "GET",
    "/old",
    moving(lambda: redirect("/books?page=1")),
    paths("/old"),
    view=lambda _session: flask_redirect("/books?page=1"),
)
MOVES = [
    Defect("Starlette's redirect", "status.307_for_302", moving(lambda: RedirectResponse("/books?page=1"))),
    Defect(
        "a redirect without its query",
        "header.location",
        moving(lambda: redirect("/books")),
        also=frozenset({"text.line"}),
    ),
    Defect(
        "an absolute redirect",
        "header.location.absolute",
        moving(lambda: redirect("http://testserver/books?page=1")),
        also=frozenset({"text.line"}),
    ),
    Defect("no redirect", "status.redirect", moving(lambda: {"moved": True})),
]

BASIC = WWWAuthenticate("basic", {"realm": "books"})


def guarded_view(_session: Session) -> Any:
    return guarded(request.headers.get("x-name"))


def guarded(name: str | None) -> dict[str, Any]:
    if name is None:
        raise Unauthorized(www_authenticate=BASIC)
    if name == "busy":
        raise TooManyRequests(retry_after=120)
    if name == "none":
        msg = "nobody has this name"
        raise LookupError(msg)
    return {"name": name}


def guarding(
    *, missing: Exception | None = None, busy: Exception | None = None, none: Any = None
) -> Callable[..., Any]:
    async def native(x_name: str | None = Header(default=None)) -> Any:
        if x_name is None and missing:
            raise missing
        if x_name == "busy" and busy:
            raise busy
        if x_name == "none" and none is not None:
            return none
        return guarded(x_name)

    return native


def named(name: str) -> Sent:
    return Sent("/me", {"headers": {"X-Name": name}})


GUARDED = Operation(
    "GET",
    "/me",
    guarding(),
    {"nobody": Sent("/me"), **{name: named(name) for name in ("busy", "none", "ada")}},
    view=guarded_view,
)
REFUSALS = [
    Defect("403 for 401", "status.403_for_401", guarding(missing=Forbidden())),
    Defect("no challenge", "header.missing", guarding(missing=Unauthorized())),
    Defect("wait ten seconds", "header.retry_after", guarding(busy=TooManyRequests(retry_after=10)), sent=("busy",)),
    Defect("429 becomes 401", "status.other_error", guarding(busy=Unauthorized()), sent=("busy",)),
    Defect("a failure is mended", "status.success_for_500", guarding(none={"name": None}), sent=("none",)),
    Defect("a failure is not found", "status.404_for_500", guarding(none=Response(status_code=404)), sent=("none",)),
]

TABLE = [(THEME, THEMES), (MOVED, MOVES), (GUARDED, REFUSALS)]
