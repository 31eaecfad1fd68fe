"""Login, logout and the logged-in user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint

from legacy_sync.database import db_session
from legacy_sync.inputs import json_body
from legacy_sync.presenters import user_summary
from legacy_sync.schemas import Login
from legacy_sync.services import auth
from legacy_sync.views.login import actor_id, log_in, log_out, login_required

if TYPE_CHECKING:
    from flask import Response


def login() -> dict[str, Any]:
    """Check credentials and set the login cookie."""
    user = auth.authenticate(db_session(), json_body(Login))
    log_in(user.id)
    return user_summary(user)


def logout() -> tuple[str, int]:
    """Clear the login cookie, whether there is one or not."""
    log_out()
    return "", 204


@login_required
def me() -> dict[str, Any]:
    """Answer with the logged-in user, without posts."""
    return user_summary(auth.current_user(db_session(), actor_id()))


def _forbid_caching(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


def blueprint() -> Blueprint:
    """Build the /auth routes, none of which may be cached."""
    routes = Blueprint("auth", __name__, url_prefix="/auth")
    routes.post("/login")(login)
    routes.post("/logout")(logout)
    routes.get("/me")(me)
    routes.after_request(_forbid_caching)
    return routes
