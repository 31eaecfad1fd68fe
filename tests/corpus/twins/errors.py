"""Twins of the views that fail, and of those behind hooks, streams and files."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import Depends, Header
from flask import abort, make_response
from starlette.requests import Request
from starlette.responses import Response

from bridge import Bridge, BridgeRouter, FlaskCompat, build_environ, to_asgi_response
from tests.corpus.awkward import files as views
from tests.corpus.awkward.errors import CustomResponse, raised

__all__ = ["router"]


def router(bridge: Bridge, compat: FlaskCompat) -> BridgeRouter:
    twin = bridge.router(compat=compat)

    @twin.get("/abort/{code:flask_int}")
    async def aborted(code: int) -> Any:
        abort(code)

    @twin.get("/describe/{code:flask_int}")
    def described(code: int) -> Any:
        abort(code, description="<b>what</b> went wrong & where")

    @twin.get("/raise/{kind}")
    def raising(kind: str) -> Any:
        raised(kind)

    @twin.post("/raise/{kind}")
    def post_raising(kind: str) -> Any:
        raised(kind)

    @twin.get("/custom")
    async def custom() -> Response:
        return to_asgi_response(CustomResponse("custom"))

    @twin.get("/after-this")
    def after_this() -> Response:
        response = make_response("this")
        response.headers["X-This"] = "once"
        response.set_cookie("seen", "1")
        return to_asgi_response(response)

    @twin.get("/tagged")
    def tagged(request: Request) -> Response:
        with bridge.legacy.request_context(build_environ(request.scope)):
            return to_asgi_response(views.tagged())

    @twin.get("/streams/{kind}")
    def streamed(kind: str, request: Request) -> Response:
        with bridge.legacy.request_context(build_environ(request.scope)):
            return to_asgi_response(views.streamed(kind))

    @twin.get("/files/{name:flask_path}")
    def sent(name: str, request: Request) -> Response:
        with bridge.legacy.request_context(build_environ(request.scope)):
            return to_asgi_response(views.sent(name))

    guarded = replace(compat, after=forbid_caching)
    twin.get("/guarded/{lang}/secret", dependencies=[Depends(check_key)], compat=guarded)(secret)
    return twin


def forbid_caching(response: Response) -> None:
    """Port of both ``after_request`` hooks, the blueprint's and the application's."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Application"] = "awkward"


async def check_key(x_key: Annotated[str | None, Header()] = None) -> None:
    """Port of the blueprint's ``before_request`` hook."""
    if x_key != "open sesame":
        abort(401, description="a key is needed")


async def secret(lang: str) -> Any:
    return {"lang": lang, "secret": 42}
