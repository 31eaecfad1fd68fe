"""Plain dictionaries for responses. Reading ``posts`` and ``tags`` loads them lazily."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from legacy_sync.models import Post, User
    from legacy_sync.services.paging import Page
    from legacy_sync.services.user_stats import UserPostCount

T = TypeVar("T")


def user_summary(user: User) -> dict[str, Any]:
    """Present a user without posts, and never with the password hash."""
    return {
        "id": user.id,
        "public_id": user.public_id,
        "username": user.username,
        "email": user.email,
        "role": user.role.value,
        "is_active": user.is_active,
        "balance": user.balance,
        "version": user.version,
        "created_at": user.created_at,
        "last_seen_at": user.last_seen_at,
    }


def user_detail(user: User) -> dict[str, Any]:
    """Present a user with all posts, oldest first."""
    return {**user_summary(user), "posts": [post_summary(post) for post in user.posts]}


def post_summary(post: Post) -> dict[str, Any]:
    """Present a post with its tag names in alphabetical order."""
    return {
        "id": post.id,
        "author_id": post.author_id,
        "title": post.title,
        "body": post.body,
        "status": post.status.value,
        "rating": post.rating,
        "meta": post.meta,
        "published_at": post.published_at,
        "created_at": post.created_at,
        "tags": [tag.name for tag in post.tags],
    }


def user_post_count(count: UserPostCount) -> dict[str, Any]:
    """Present one line of the user statistics."""
    return {"user_id": count.user_id, "username": count.username, "post_count": count.post_count}


def page_of(page: Page[T], present: Callable[[T], dict[str, Any]]) -> dict[str, Any]:
    """Present a page of items; ``total`` counts the items of all pages."""
    return {
        "items": [present(item) for item in page.items],
        "total": page.total,
        "page": page.page,
        "size": page.size,
    }
