"""Posts: bridged, not ported yet."""

from typing import Annotated

from fastapi import Query
from sqlalchemy.orm import Session

from async_app.actor import ActorId
from async_app.schemas import PageRead, PostRead
from bridge import Bridge, BridgeRouter, FlaskCompat
from legacy_sync.models import Post
from legacy_sync.schemas import PostCreate, PostSearch, PostUpdate
from legacy_sync.services import posts as legacy
from legacy_sync.services.paging import Page

__all__ = ["posts_router"]


def posts_router(bridge: Bridge, compat: FlaskCompat) -> BridgeRouter:
    """Declare the operations on posts."""
    posts = bridge.router(tags=["posts"], compat=compat)
    posts.post("/users/{user_id:flask_int}/posts", status_code=201, response_model=PostRead, headers=_location)(
        create_post
    )
    posts.get("/posts", response_model=PageRead[PostRead])(list_posts)
    posts.get("/posts/{post_id:flask_int}", response_model=PostRead)(legacy.get_post)
    posts.patch("/posts/{post_id:flask_int}", response_model=PostRead)(update_post)
    posts.delete("/posts/{post_id:flask_int}", status_code=204)(delete_post)
    posts.post("/posts/{post_id:flask_int}/publish", response_model=PostRead)(publish_post)
    return posts


def create_post(session: Session, actor_id: ActorId, user_id: int, payload: PostCreate) -> Post:
    """Write a draft for a user."""
    return legacy.create_post(session, actor_id, user_id, payload)


def list_posts(session: Session, search: Annotated[PostSearch, Query()]) -> Page[Post]:
    """Find the posts that match all given filters, newest first."""
    return legacy.list_posts(session, search)


def update_post(session: Session, actor_id: ActorId, post_id: int, payload: PostUpdate) -> Post:
    """Change a post; the last writer wins."""
    return legacy.update_post(session, actor_id, post_id, payload)


def delete_post(session: Session, actor_id: ActorId, post_id: int) -> None:
    """Delete a post."""
    legacy.delete_post(session, actor_id, post_id)


def publish_post(session: Session, actor_id: ActorId, post_id: int) -> Post:
    """Turn a draft into a published post."""
    return legacy.publish_post(session, actor_id, post_id)


def _location(post: Post) -> dict[str, str]:
    return {"Location": f"/posts/{post.id}"}
