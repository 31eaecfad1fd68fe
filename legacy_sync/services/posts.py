"""Reading and changing posts."""

from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from legacy_sync.models import Post, PostStatus, Tag
from legacy_sync.schemas import PostCreate, PostSearch, PostUpdate
from legacy_sync.services.authorization import require_actor, require_self_or_admin
from legacy_sync.services.errors import InvalidState, NotFound
from legacy_sync.services.lookup import find_by_id
from legacy_sync.services.paging import Page, paginate
from legacy_sync.services.tags import tags_named
from legacy_sync.services.users import get_user


def create_post(session: Session, actor_id: int, user_id: int, payload: PostCreate) -> Post:
    """Write a draft for a user. Raises Unauthorized, NotFound, Forbidden."""
    actor = require_actor(session, actor_id)
    get_user(session, user_id)
    require_self_or_admin(actor, user_id)
    post = Post(
        author_id=user_id,
        title=payload.title,
        body=payload.body,
        rating=payload.rating,
        meta=payload.meta,
        tags=tags_named(session, payload.tags),
    )
    session.add(post)
    try:
        session.commit()
    except IntegrityError:
        session.rollback()
        # The author may have been deleted since the lookup; anything else is a defect.
        get_user(session, user_id)
        raise
    session.refresh(post)
    return post


def get_post(session: Session, post_id: int) -> Post:
    """Load a post. Raises NotFound."""
    post = find_by_id(session, Post, post_id)
    if post is None:
        raise NotFound(entity="post")
    return post


def update_post(session: Session, actor_id: int, post_id: int, payload: PostUpdate) -> Post:
    """Change a post; the last writer wins. Raises Unauthorized, NotFound, Forbidden."""
    actor = require_actor(session, actor_id)
    post = get_post(session, post_id)
    require_self_or_admin(actor, post.author_id)
    changes = payload.changes()
    if payload.tags is not None:
        changes["tags"] = tags_named(session, payload.tags)
    for name, value in changes.items():
        setattr(post, name, value)
    session.commit()
    session.refresh(post)
    return post


def delete_post(session: Session, actor_id: int, post_id: int) -> None:
    """Delete a post. Raises Unauthorized, NotFound, Forbidden."""
    actor = require_actor(session, actor_id)
    post = get_post(session, post_id)
    require_self_or_admin(actor, post.author_id)
    session.delete(post)
    session.commit()


def publish_post(session: Session, actor_id: int, post_id: int) -> Post:
    """Turn a draft into a published post. Raises Unauthorized, NotFound, Forbidden, InvalidState."""
    actor = require_actor(session, actor_id)
    post = get_post(session, post_id)
    require_self_or_admin(actor, post.author_id)
    # The condition is part of the statement, so that only one of concurrent requests succeeds.
    statement = (
        update(Post)
        .where(Post.id == post_id, Post.status == PostStatus.DRAFT)
        .values(status=PostStatus.PUBLISHED, published_at=datetime.now(UTC))
        .returning(Post.id)
        .execution_options(synchronize_session=False)
    )
    if session.scalar(statement) is None:
        session.rollback()
        status = get_post(session, post_id).status
        raise InvalidState(message=f"a post that is {status.value} cannot be published")
    session.commit()
    session.refresh(post)
    return post


def list_posts(session: Session, search: PostSearch) -> Page[Post]:
    """Find the posts that match all given filters, newest first."""
    statement = select(Post).order_by(Post.created_at.desc(), Post.id.desc())
    if search.author is not None:
        statement = statement.where(Post.author_id == search.author)
    if search.tag is not None:
        statement = statement.where(Post.tags.any(Tag.name == search.tag))
    if search.status is not None:
        statement = statement.where(Post.status == search.status)
    return paginate(session, statement, page=search.page, size=search.size)
