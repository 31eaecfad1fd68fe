"""Loading the entities that several ports need."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from legacy_sync.models import MAX_ID, User
from legacy_sync.services.errors import NotFound, Unauthorized

__all__ = ["one_user", "require_actor"]


async def one_user(session: AsyncSession, user_id: int, *options: Any) -> User:
    """Load a user with the loader *options* it needs. Raises NotFound."""
    user = await _find(session, user_id, *options)
    if user is None:
        raise NotFound(entity="user")
    return user


async def require_actor(session: AsyncSession, actor_id: int) -> User:
    """Load the user who acts. Raises Unauthorized when the account is gone or inactive."""
    actor = await _find(session, actor_id)
    if actor is None or not actor.is_active:
        raise Unauthorized
    return actor


async def _find(session: AsyncSession, user_id: int, *options: Any) -> User | None:
    # asyncpg refuses a parameter that does not fit the column, where psycopg2 finds no row.
    if user_id > MAX_ID:
        return None
    return await session.scalar(select(User).where(User.id == user_id).options(*options))
