"""Twins of the views that return every kind of value."""

from typing import Annotated, Any

from flask import current_app
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from bridge import Bridge, BridgeRouter, FlaskCompat, lenient, redirect, to_asgi_response
from tests.corpus.awkward.values import JSON, REFUSED, shaped

__all__ = ["router"]

TOP = {"string": "x", "number": 1, "null": None, "list": [1, 2]}


def router(bridge: Bridge, compat: FlaskCompat) -> BridgeRouter:
    twin = bridge.router(compat=compat)

    @twin.get("/json/{kind}")
    async def encoded(kind: str) -> Any:
        return {"value": (JSON | REFUSED)[kind]}

    @twin.get("/top/{kind}", response_model=Any)
    async def top_level(kind: str) -> Any:
        return TOP[kind]

    @twin.get("/shape/{kind}")
    def shape(kind: str) -> Response:
        return to_asgi_response(current_app.make_response(shaped(kind)))

    @twin.post("/shape/{kind}")
    async def post_shape(kind: str) -> Response:
        return HTMLResponse("<b>é</b>") if kind == "str" else Response(status_code=204, media_type="text/html")

    @twin.get("/redirect/{code:flask_int}")
    async def moved(code: int, to: str = "/words/here") -> Response:
        return redirect(to, code)

    @twin.post("/redirect/{code:flask_int}")
    def post_moved(code: int, to: str = "/words/here") -> Response:
        return redirect(to, code)

    twin.get("/search")(searched)
    return twin


async def searched(
    request: Request,
    q: str | None = None,
    page: Annotated[int, lenient(int, 1)] = 1,
    ratio: Annotated[float, lenient(float, 0.5)] = 0.5,
    on: Annotated[Any, lenient(bool, default=False)] = False,  # noqa: FBT002  a field of a form
) -> Any:
    query = request.query_params
    return {"q": q, "all": query.getlist("q"), "page": page, "ratio": ratio, "on": on, "names": sorted(query)}
