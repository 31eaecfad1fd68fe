"""The twins in front of the Flask application; what has no twin is still Flask's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fastapi import FastAPI

from bridge import Bridge, FlaskCompat
from tests.corpus.twins import bodies, errors, paths, state, values

if TYPE_CHECKING:
    from flask import Flask
    from starlette.responses import Response

    from bridge import Database
    from bridge.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["OPERATION_HEADER", "declare", "twins"]

OPERATION_HEADER: Final = "corpus-operation"


class NameOperation:
    """Tell which twin answered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        operation = scope.get("bridge.operation")

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start" and operation is not None:
                name = operation.name.encode()
                message = {**message, "headers": [*message["headers"], (OPERATION_HEADER.encode(), name)]}
            await send(message)

        await self._app(scope, receive, named)


def declare(flask: Flask, database: Database) -> tuple[Bridge, FastAPI]:
    """Declare every twin: the synchronous ones are bridged, the asynchronous ones native."""
    bridge = Bridge(database=database, legacy=flask, default_stage="native")
    compat = FlaskCompat(flask, after=label)
    app = FastAPI()
    for module in (paths, values, bodies, state, errors):
        app.include_router(module.router(bridge, compat))
    app.add_middleware(NameOperation)
    bridge.install(app)
    return bridge, app


def twins(flask: Flask, database: Database) -> FastAPI:
    """Return the application with every twin."""
    return declare(flask, database)[1]


def label(response: Response) -> None:
    """Port of the application's ``after_request`` hook."""
    response.headers["X-Application"] = "awkward"
