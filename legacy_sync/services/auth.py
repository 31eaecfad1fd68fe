"""Login and the acting user."""

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from legacy_sync.models import User
from legacy_sync.passwords import password_matches
from legacy_sync.schemas import Login
from legacy_sync.services.authorization import require_actor
from legacy_sync.services.errors import Unauthorized


def authenticate(session: Session, payload: Login) -> User:
    """Find the user with these credentials and mark the account as seen now.

    Raises the same Unauthorized for an unknown username, a wrong password and an inactive account.
    """
    user = session.query(User).filter_by(username=payload.username).one_or_none()
    matches = password_matches(user.password_hash if user else None, payload.password)
    if user is None or not matches or not user.is_active:
        raise Unauthorized(message="wrong username or password")
    user.last_seen_at = datetime.now(UTC)
    session.commit()
    session.refresh(user)
    return user


def current_user(session: Session, actor_id: int) -> User:
    """Find the logged-in user. Raises Unauthorized when the account is gone or inactive."""
    return require_actor(session, actor_id)
