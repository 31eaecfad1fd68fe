"""Who may do what."""

from sqlalchemy.orm import Session

from legacy_sync.models import User
from legacy_sync.models.enums import Role
from legacy_sync.services.errors import Forbidden, Unauthorized
from legacy_sync.services.lookup import find_by_id


def require_actor(session: Session, actor_id: int) -> User:
    """Load the user who acts. Raises Unauthorized when the account is gone or inactive."""
    actor = find_by_id(session, User, actor_id)
    if actor is None or not actor.is_active:
        raise Unauthorized
    return actor


def require_admin(actor: User) -> None:
    """Raise Forbidden unless the actor is an admin."""
    if actor.role is not Role.ADMIN:
        raise Forbidden(message="only admins may do this")


def require_self_or_admin(actor: User, owner_id: int) -> None:
    """Raise Forbidden unless the actor owns the target or is an admin."""
    if actor.id != owner_id and actor.role is not Role.ADMIN:
        raise Forbidden(message="only the owner or an admin may do this")
