"""Small applications behind the facade."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
from fastapi import FastAPI
from flask import Flask, request

from bridge import Bridge, BridgeRouter, Database

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["UNUSED", "client_of", "flask_with", "installed"]

# Stands for a database that these routes never reach.
UNUSED = "postgresql://unused/unused"


def flask_with(rules: Mapping[str, str], **options: Any) -> Flask:
    """Make an application with a view for each endpoint; rules start with their methods, such as ``GET,PUT /x``."""
    app = Flask("legacy", static_folder=None, **options)
    for endpoint, rule in rules.items():
        methods, _, path = rule.rpartition(" ")
        app.add_url_rule(path, endpoint, shown, methods=methods.split(",") if methods else None)
    return app


def shown(**values: Any) -> Any:
    return {"by": "flask", "endpoint": request.endpoint, **{name: str(value) for name, value in values.items()}}


def installed(
    flask: Flask, declare: Callable[[BridgeRouter], object] = lambda _: None, *, url: str = UNUSED, **options: Any
) -> tuple[FastAPI, Bridge]:
    """Put a FastAPI application in front of *flask*, with the operations that *declare* adds to its router."""
    bridge = Bridge(database=Database(url), legacy=flask, default_stage="native", **options)
    router = bridge.router(follow_flask=False)
    declare(router)
    app = FastAPI()
    app.include_router(router)
    bridge.install(app)
    return app, bridge


def client_of(app: Any, base_url: str = "http://localhost") -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base_url)
