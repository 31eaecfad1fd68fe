"""The application factory."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from flask import Flask

from legacy_sync.config import read_settings
from legacy_sync.database import build_engine, init_database
from legacy_sync.error_handlers import register_error_handlers
from legacy_sync.hooks import register_hooks
from legacy_sync.views import blueprints

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_REQUEST_BYTES: Final = 2 * 1024 * 1024


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """Build the application from ``config``, falling back to environment variables.

    Keys: DATABASE_URL, SECRET_KEY, ENGINE (config only, replaces DATABASE_URL), ARGON2_PROFILE,
    ARGON2_TIME_COST, ARGON2_MEMORY_COST_KIB; any other key is passed to Flask unchanged.
    Raises ConfigurationError. It does not connect to the database.
    """
    given = config or {}
    settings = read_settings(given, os.environ)
    app = Flask("legacy_sync", static_folder=None)
    app.config.from_mapping(
        {"MAX_CONTENT_LENGTH": MAX_REQUEST_BYTES, "SESSION_COOKIE_SAMESITE": "Lax"},
        **given,
    )
    app.config.update(
        SECRET_KEY=settings.secret_key,
        ARGON2_TIME_COST=settings.password_cost.time_cost,
        ARGON2_MEMORY_COST_KIB=settings.password_cost.memory_cost_kib,
    )
    if settings.engine is not None:
        init_database(app, settings.engine)
    elif settings.database_url is not None:
        init_database(app, build_engine(settings.database_url))
    register_hooks(app)
    register_error_handlers(app)
    for blueprint in blueprints():
        app.register_blueprint(blueprint)
    return app
