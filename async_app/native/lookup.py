"""Loading the entities that several ports need."""

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from legacy_sync.models import MAX_ID, User
from legacy_sync.services.errors import NotFound, Unauthorized

__all__ = ["one_user", "require_actor"]


async def one_user(session: AsyncSession, user_id: int, *options: Any) -> User:
    """Load a user with the loader *options* it needs. Raises NotFound."""
    # asyncpg refuses a parameter that does not fit the column, where psycopg2 finds no row.
    user = await session.scalar(_by_id(user_id).options(*options)) if user_id <= MAX_ID else None
    if user is None:
        raise NotFound(entity="user")
    return user


async def require_actor(session: AsyncSession, actor_id: int) -> User:
    """Load the user who acts. Raises Unauthorized when the account is gone or inactive."""
    actor = await session.scalar(_by_id(actor_id))
    if actor is None or not actor.is_active:
        raise Unauthorized
    return actor


def _by_id(user_id: int) -> Select[User]:
    return select(User).where(User.id == user_id)
