"""A FastAPI application whose routes follow a Flask application."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
from fastapi import FastAPI
from flask import Flask, jsonify
from werkzeug.exceptions import HTTPException

from bridge import Bridge, Database, FlaskCompat
from tests.unit.routing.applications import UNUSED

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge import BridgeRouter

__all__ = ["flask_in_json", "following"]


def flask_in_json(**config: Any) -> Flask:
    """Make an application that answers errors of HTTP with a body of its own."""
    app = Flask("legacy", static_folder=None)
    app.config.update(config)

    @app.errorhandler(HTTPException)
    def show(error: HTTPException) -> Any:
        return jsonify(error=error.name), error.code

    return app


def following(
    flask: Flask, declare: Callable[[BridgeRouter], object], *, raising: bool = False, **shims: Any
) -> httpx.AsyncClient:
    """Reach what *declare* adds to a router that follows *flask*; *raising* lets exceptions reach the test."""
    bridge = Bridge(database=Database(UNUSED), legacy=flask, default_stage="native")
    router = bridge.router(compat=FlaskCompat(flask, **shims))
    declare(router)
    app = FastAPI()
    app.include_router(router)
    bridge.install(app)
    transport = httpx.ASGITransport(app, raise_app_exceptions=raising)
    return httpx.AsyncClient(transport=transport, base_url="http://localhost")
