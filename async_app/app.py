"""The composition root: the Flask application, the bridge, and the FastAPI application in front."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fastapi import FastAPI

from async_app.request_id import RequestIdMiddleware
from async_app.routes import auth_router, posts_router, users_router
from async_app.settings import Settings
from bridge import (
    Bridge,
    Database,
    Evidence,
    FlaskCompat,
    HookDeclarations,
    LogPublisher,
    Publishing,
    SQLEvidence,
    SQLPublisher,
    SQLStageStore,
    by_client_address,
    by_first_of,
    by_session,
)
from legacy_sync import create_app as create_flask_app
from legacy_sync.inputs import read_json
from legacy_sync.services.errors import InvalidFields

if TYPE_CHECKING:
    from flask import Flask

HOOKS: Final = HookDeclarations(
    ported={
        "legacy_sync.hooks._identify_request": "RequestIdMiddleware",
        "legacy_sync.hooks._label_response": "RequestIdMiddleware",
        "legacy_sync.views.auth._forbid_caching": "forbid_caching in routes/auth.py",
    },
    not_needed={"legacy_sync.hooks._log_request": "the server's access log has the same"},
)

__all__ = ["Composition", "compose", "create_app"]


@dataclass(frozen=True, slots=True)
class Composition:
    """
    The application and the bridge inside it.

    Attributes:
        app: The ASGI application to serve.
        bridge: Switches stages while it runs.
    """

    app: FastAPI
    bridge: Bridge


def create_app() -> FastAPI:
    """Build the application from environment variables: ``uvicorn --factory async_app:create_app``."""
    return compose(Settings.from_environ(os.environ)).app


def compose(settings: Settings) -> Composition:
    """
    Build both applications over one database.

    Raises:
        bridge.ConfigurationError: A setting is missing or wrong; nothing has been connected to yet.
    """
    database = Database(settings.database_url, pool=settings.pool)
    flask = create_flask_app({"ENGINE": database.sync_engine, "SECRET_KEY": settings.secret_key})
    bridge = Bridge(
        database=database,
        legacy=flask,
        stages=settings.stages,
        default_stage=settings.default_stage,
        hooks=HOOKS,
        **(_shared(database, flask) if settings.shared else {}),
    )
    app = FastAPI(title="Users and posts", description="A Flask application on its way to FastAPI.")
    if settings.ported:
        compat = FlaskCompat(flask, read_body=read_json, validation=InvalidFields.from_errors)
        for make_router in (users_router, posts_router, auth_router):
            app.include_router(make_router(bridge, compat))
    bridge.install(app)
    app.add_middleware(RequestIdMiddleware)
    return Composition(app, bridge)


def _shared(database: Database, flask: Flask) -> dict[str, Any]:
    """What every worker shares: stages, the evidence for them, and what the ports answer otherwise."""
    return {
        "store": SQLStageStore(database),
        "sticky_by": by_first_of(by_session(flask, "user_id"), by_client_address),
        "evidence": Evidence(SQLEvidence(database)),
        "publishing": Publishing([LogPublisher(), SQLPublisher(database)]),
    }
