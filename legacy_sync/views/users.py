"""Single users, the user list and statistics."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, url_for

from legacy_sync.database import db_session
from legacy_sync.inputs import json_body, query_args
from legacy_sync.presenters import page_of, user_detail, user_post_count, user_summary
from legacy_sync.schemas import SignUp, StatsQuery, UserSearch, UserUpdate
from legacy_sync.services import auth, users
from legacy_sync.views.login import actor_id, login_required


def create_user() -> tuple[dict[str, Any], int, dict[str, str]]:
    """Register a user; no login is needed."""
    user = users.create_user(db_session(), json_body(SignUp))
    return user_summary(user), 201, {"Location": url_for("users.show_user", user_id=user.id)}


def list_users() -> dict[str, Any]:
    """Answer with one page of users."""
    return page_of(users.list_users(db_session(), query_args(UserSearch)), user_summary)


def show_user(user_id: int) -> dict[str, Any]:
    """Answer with one user and all posts."""
    return user_detail(users.get_user(db_session(), user_id))


@login_required
def show_me() -> dict[str, Any]:
    """Answer with the logged-in user and all posts."""
    return user_detail(auth.current_user(db_session(), actor_id()))


def user_stats() -> dict[str, Any]:
    """Answer with the post counts of active users."""
    counts = users.user_stats(db_session(), query_args(StatsQuery))
    return {"items": [user_post_count(count) for count in counts]}


@login_required
def update_user(user_id: int) -> dict[str, Any]:
    """Change the given fields of a user."""
    payload = json_body(UserUpdate)
    return user_summary(users.update_user(db_session(), actor_id(), user_id, payload))


@login_required
def delete_user(user_id: int) -> tuple[str, int]:
    """Delete a user with all posts."""
    users.delete_user(db_session(), actor_id(), user_id)
    return "", 204


def blueprint() -> Blueprint:
    """Build the /users routes for one user at a time."""
    routes = Blueprint("users", __name__, url_prefix="/users")
    routes.post("")(create_user)
    routes.get("")(list_users)
    routes.get("/me")(show_me)
    routes.get("/stats")(user_stats)
    routes.get("/<int:user_id>")(show_user)
    routes.patch("/<int:user_id>")(update_user)
    routes.delete("/<int:user_id>")(delete_user)
    return routes
