"""Posts."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, url_for

from legacy_sync.database import db_session
from legacy_sync.inputs import json_body, query_args
from legacy_sync.presenters import page_of, post_summary
from legacy_sync.schemas import PostCreate, PostSearch, PostUpdate
from legacy_sync.services import posts
from legacy_sync.views.login import actor_id, login_required


@login_required
def create_post(user_id: int) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Write a draft for a user."""
    payload = json_body(PostCreate)
    post = posts.create_post(db_session(), actor_id(), user_id, payload)
    return post_summary(post), 201, {"Location": url_for("posts.show_post", post_id=post.id)}


def list_posts() -> dict[str, Any]:
    """Answer with one page of posts."""
    return page_of(posts.list_posts(db_session(), query_args(PostSearch)), post_summary)


def show_post(post_id: int) -> dict[str, Any]:
    """Answer with one post."""
    return post_summary(posts.get_post(db_session(), post_id))


@login_required
def update_post(post_id: int) -> dict[str, Any]:
    """Change the given fields of a post."""
    payload = json_body(PostUpdate)
    return post_summary(posts.update_post(db_session(), actor_id(), post_id, payload))


@login_required
def delete_post(post_id: int) -> tuple[str, int]:
    """Delete a post."""
    posts.delete_post(db_session(), actor_id(), post_id)
    return "", 204


@login_required
def publish_post(post_id: int) -> dict[str, Any]:
    """Publish a draft."""
    return post_summary(posts.publish_post(db_session(), actor_id(), post_id))


def blueprint() -> Blueprint:
    """Build the routes for posts."""
    routes = Blueprint("posts", __name__)
    routes.post("/users/<int:user_id>/posts")(create_post)
    routes.get("/posts")(list_posts)
    routes.get("/posts/<int:post_id>")(show_post)
    routes.patch("/posts/<int:post_id>")(update_post)
    routes.delete("/posts/<int:post_id>")(delete_post)
    routes.post("/posts/<int:post_id>/publish")(publish_post)
    return routes
