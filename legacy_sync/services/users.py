"""Reading and changing users."""

from typing import Any, Final

from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from legacy_sync.models import User
from legacy_sync.schemas import SignUp, UserBatch, UserCreate, UserIds, UserSearch, UserUpdate
from legacy_sync.services.accounts import add_accounts, email_in_use, violated_field
from legacy_sync.services.authorization import require_actor, require_admin, require_self_or_admin
from legacy_sync.services.errors import Conflict, NotFound, StaleVersion
from legacy_sync.services.lookup import find_by_id
from legacy_sync.services.paging import Page, paginate
from legacy_sync.services.user_stats import UserPostCount, user_stats

__all__ = [
    "UserPostCount",
    "create_user",
    "create_users",
    "deactivate_users",
    "delete_user",
    "get_user",
    "list_users",
    "update_user",
    "user_stats",
]

ADMIN_FIELDS: Final = frozenset({"role", "is_active", "balance"})


def create_user(session: Session, payload: SignUp) -> User:
    """Register one account. Raises Conflict."""
    (user,) = add_accounts(session, [UserCreate(**payload.model_dump())])
    session.refresh(user)
    return user


def create_users(session: Session, actor_id: int, payload: UserBatch) -> list[User]:
    """Register all accounts or none, in payload order. Raises Unauthorized, Forbidden, Conflict."""
    require_admin(require_actor(session, actor_id))
    users = add_accounts(session, payload.users, numbered=True)
    # One query fills all of them again; the commit has expired them.
    session.scalars(select(User).where(User.username.in_([created.username for created in payload.users]))).all()
    return users


def get_user(session: Session, user_id: int) -> User:
    """Load a user. Raises NotFound."""
    user = find_by_id(session, User, user_id)
    if user is None:
        raise NotFound(entity="user")
    return user


def list_users(session: Session, search: UserSearch) -> Page[User]:
    """Find the users whose username or email contains the keyword, ignoring case, newest first."""
    statement = select(User).order_by(User.created_at.desc(), User.id.desc())
    if search.keyword:
        pattern = f"%{_escape_like(search.keyword)}%"
        statement = statement.where(
            or_(User.username.ilike(pattern, escape="\\"), User.email.ilike(pattern, escape="\\"))
        )
    return paginate(session, statement, page=search.page, size=search.size)


def update_user(session: Session, actor_id: int, user_id: int, payload: UserUpdate) -> User:
    """Change a user if nobody else did since ``payload.version``.

    Raises Unauthorized, NotFound, Forbidden, StaleVersion, then Conflict for an email in use.
    """
    actor = require_actor(session, actor_id)
    user = get_user(session, user_id)
    require_self_or_admin(actor, user_id)
    changes = payload.changes()
    if ADMIN_FIELDS & changes.keys():
        require_admin(actor)
    if user.version != payload.version:
        raise StaleVersion(user.version)
    if payload.email is not None and email_in_use(session, payload.email, except_user_id=user_id):
        raise Conflict.taken(field="email", value=payload.email)
    if not _update_version(session, user_id, payload.version, changes):
        session.rollback()
        raise StaleVersion(get_user(session, user_id).version)
    session.commit()
    session.refresh(user)
    return user


def deactivate_users(session: Session, actor_id: int, payload: UserIds) -> int:
    """Deactivate the active ones among the users and return their number. Raises Unauthorized, Forbidden."""
    require_admin(require_actor(session, actor_id))
    count = (
        session.query(User)
        .filter(User.id.in_(payload.ids), User.is_active.is_(True))
        .update({User.is_active: False, User.version: User.version + 1}, synchronize_session=False)
    )
    session.commit()
    return count


def delete_user(session: Session, actor_id: int, user_id: int) -> None:
    """Delete a user with all posts. Raises Unauthorized, NotFound, Forbidden."""
    actor = require_actor(session, actor_id)
    user = get_user(session, user_id)
    require_self_or_admin(actor, user_id)
    session.delete(user)
    session.commit()


def _update_version(session: Session, user_id: int, version: int, changes: dict[str, Any]) -> bool:
    """Apply the changes if the row still has the version; False when it has not. Raises Conflict."""
    statement = (
        update(User)
        .where(User.id == user_id, User.version == version)
        .values(**changes, version=User.version + 1)
        .returning(User.id)
        .execution_options(synchronize_session=False)
    )
    try:
        return session.scalar(statement) is not None
    except IntegrityError as error:
        session.rollback()
        field = violated_field(error)
        if field is None:
            raise
        raise Conflict.taken(field, changes.get(field)) from error


def _escape_like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
