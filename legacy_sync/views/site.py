"""Start page and health check."""

from __future__ import annotations

from flask import Blueprint, abort, render_template
from sqlalchemy.exc import SQLAlchemyError

from legacy_sync.database import db_session
from legacy_sync.services import site


def index() -> str:
    """Render the start page."""
    return render_template("index.html", counts=site.site_counts(db_session()))


def health() -> dict[str, str]:
    """Report whether the database answers; 503 when it does not."""
    try:
        site.ping(db_session())
    except SQLAlchemyError:
        abort(503, description="the database does not answer")
    return {"status": "ok"}


def blueprint() -> Blueprint:
    """Build the routes outside any area."""
    routes = Blueprint("site", __name__)
    routes.get("/")(index)
    routes.get("/health")(health)
    return routes
