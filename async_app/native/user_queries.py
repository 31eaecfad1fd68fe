"""Ports of the operations that read users."""

from typing import Annotated

from fastapi import Query
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from async_app.native.lookup import one_user
from legacy_sync.models import Post, User
from legacy_sync.schemas import StatsQuery, UserSearch
from legacy_sync.services.paging import Page
from legacy_sync.services.user_stats import UserPostCount

__all__ = ["get_user", "list_users", "user_stats"]

ESCAPE = "\\"


async def get_user(session: AsyncSession, user_id: int) -> User:
    """Load a user with posts and tags, in three statements. Raises NotFound."""
    return await one_user(session, user_id, selectinload(User.posts).selectinload(Post.tags))


async def list_users(session: AsyncSession, search: Annotated[UserSearch, Query()]) -> Page[User]:
    """Find the users whose username or email contains the keyword, ignoring case, newest first."""
    statement = select(User)
    if search.keyword:
        matches = (
            column.icontains(search.keyword, autoescape=True, escape=ESCAPE) for column in (User.username, User.email)
        )
        statement = statement.where(or_(*matches))
    total = await session.scalar(select(func.count()).select_from(statement.subquery()))
    page = statement.order_by(User.created_at.desc(), User.id.desc())
    users = await session.scalars(page.limit(search.size).offset((search.page - 1) * search.size))
    return Page(items=list(users), total=total or 0, page=search.page, size=search.size)


async def user_stats(session: AsyncSession, query: Annotated[StatsQuery, Query()]) -> list[UserPostCount]:
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
    return [UserPostCount(*row) for row in await session.execute(statement)]
