"""Statistics about users."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from legacy_sync.models import Post, User
from legacy_sync.schemas import StatsQuery


@dataclass(frozen=True, slots=True)
class UserPostCount:
    """How many posts, of any status, a user has."""

    user_id: int
    username: str
    post_count: int


def user_stats(session: Session, query: StatsQuery) -> list[UserPostCount]:
    """Rank the active users with at least ``min_posts`` posts, most posts first, then by id."""
    counts = (
        select(Post.author_id, func.count(Post.id).label("post_count")).group_by(Post.author_id).subquery("post_counts")
    )
    post_count = func.coalesce(counts.c.post_count, 0)
    statement = (
        select(User.id, User.username, post_count)
        .outerjoin(counts, counts.c.author_id == User.id)
        .where(User.is_active.is_(True), post_count >= query.min_posts)
        .order_by(post_count.desc(), User.id)
        .limit(query.limit)
    )
    return [UserPostCount(*row) for row in session.execute(statement)]
