"""Figures for the start page, and the database check."""

from dataclasses import dataclass

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from legacy_sync.models import Post, PostStatus, User


@dataclass(frozen=True, slots=True)
class SiteCounts:
    """How much there is."""

    users: int
    active_users: int
    posts: int
    published_posts: int


def site_counts(session: Session) -> SiteCounts:
    """Count users and posts in one statement."""
    users = select(func.count(User.id))
    posts = select(func.count(Post.id))
    statement = select(
        users.scalar_subquery(),
        users.where(User.is_active.is_(True)).scalar_subquery(),
        posts.scalar_subquery(),
        posts.where(Post.status == PostStatus.PUBLISHED).scalar_subquery(),
    )
    return SiteCounts(*session.execute(statement).one())


def ping(session: Session) -> None:
    """Ask the database for an answer. Raises SQLAlchemyError when there is none."""
    session.execute(text("SELECT 1"))
