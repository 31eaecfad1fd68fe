"""Ports of the operations that change users. Each runs in the one transaction of its unit of work."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from anyio import to_thread
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from async_app.actor import ActorId
from async_app.native.lookup import one_user, require_actor
from legacy_sync.models import User
from legacy_sync.passwords import hash_password
from legacy_sync.schemas import SignUp, UserBatch, UserCreate, UserIds, UserUpdate
from legacy_sync.services.accounts import UNIQUE_FIELDS, violated_field
from legacy_sync.services.authorization import require_admin, require_self_or_admin
from legacy_sync.services.errors import Conflict, NotFound, StaleVersion
from legacy_sync.services.users import ADMIN_FIELDS

__all__ = ["create_user", "create_users", "deactivate_users", "delete_user", "update_user"]


async def create_user(session: AsyncSession, payload: SignUp) -> User:
    """Register one account. Raises Conflict."""
    (user,) = await _add_accounts(session, [UserCreate(**payload.model_dump())], numbered=False)
    return user


async def create_users(session: AsyncSession, actor_id: ActorId, payload: UserBatch) -> list[User]:
    """Register all accounts or none, in payload order. Raises Unauthorized, Forbidden, Conflict."""
    require_admin(await require_actor(session, actor_id))
    return await _add_accounts(session, payload.users, numbered=True)


async def update_user(session: AsyncSession, actor_id: ActorId, user_id: int, payload: UserUpdate) -> User:
    """
    Change a user if nobody else did since ``payload.version``.

    Raises Unauthorized, NotFound, Forbidden, StaleVersion, then Conflict for an email in use.
    """
    actor = await require_actor(session, actor_id)
    user = await one_user(session, user_id)
    require_self_or_admin(actor, user_id)
    changes = payload.changes()
    if ADMIN_FIELDS & changes.keys():
        require_admin(actor)
    if user.version != payload.version:
        raise StaleVersion(user.version)
    await _refuse_email_in_use(session, payload.email, user_id)
    # The check stands in the statement: of two requests with the same version, one finds no row.
    statement = (
        update(User)
        .where(User.id == user_id, User.version == payload.version)
        .values(**changes, version=User.version + 1)
        .returning(User)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    try:
        updated = await session.scalar(statement)
    except IntegrityError as error:
        raise _conflict(error, changes) from error
    if updated is None:
        raise await _stale(session, user_id)
    return updated


async def deactivate_users(session: AsyncSession, actor_id: ActorId, payload: UserIds) -> int:
    """Deactivate the active ones among the users and return their number. Raises Unauthorized, Forbidden."""
    require_admin(await require_actor(session, actor_id))
    statement = (
        update(User)
        .where(User.id.in_(payload.ids), User.is_active.is_(True))
        .values(is_active=False, version=User.version + 1)
        .returning(User.id)
        .execution_options(synchronize_session=False)
    )
    return len((await session.scalars(statement)).all())


async def delete_user(session: AsyncSession, actor_id: ActorId, user_id: int) -> None:
    """Delete a user; the foreign keys delete the posts. Raises Unauthorized, NotFound, Forbidden."""
    actor = await require_actor(session, actor_id)
    await one_user(session, user_id)
    require_self_or_admin(actor, user_id)
    await session.execute(delete(User).where(User.id == user_id).execution_options(synchronize_session=False))


async def _add_accounts(session: AsyncSession, payloads: Sequence[UserCreate], *, numbered: bool) -> list[User]:
    await _refuse_clash(session, payloads, numbered=numbered)
    users = [await _new_user(payload) for payload in payloads]
    session.add_all(users)
    try:
        await session.flush()
    except IntegrityError as error:
        # Someone else was faster between the check and the insert; only a single account can tell which value it was.
        raise _conflict(error, payloads[0].model_dump() if len(payloads) == 1 else {}) from error
    for user in users:
        await session.refresh(user)
    return users


async def _new_user(payload: UserCreate) -> User:
    # Hashing takes milliseconds of processor time, which the event loop does not have.
    password_hash = await to_thread.run_sync(partial(hash_password, payload.password))
    values = payload.model_dump(include={"username", "email", "role", "balance"})
    return User(**values, password_hash=password_hash)


async def _refuse_clash(session: AsyncSession, payloads: Sequence[UserCreate], *, numbered: bool) -> None:
    taken: dict[str, set[str]] = {}
    for field in UNIQUE_FIELDS:
        column = getattr(User, field)
        wanted = [getattr(payload, field) for payload in payloads]
        taken[field] = set(await session.scalars(select(column).where(column.in_(wanted))))
    for row, payload in enumerate(payloads, start=1):
        for field in UNIQUE_FIELDS:
            value = getattr(payload, field)
            if value in taken[field]:
                raise Conflict.taken(field, value, row if numbered else None)
            taken[field].add(value)


async def _refuse_email_in_use(session: AsyncSession, email: str | None, user_id: int) -> None:
    if email is None:
        return
    if await session.scalar(select(User.id).where(User.email == email, User.id != user_id)) is not None:
        raise Conflict.taken(field="email", value=email)


async def _stale(session: AsyncSession, user_id: int) -> StaleVersion | NotFound:
    version = await session.scalar(select(User.version).where(User.id == user_id))
    return NotFound(entity="user") if version is None else StaleVersion(version)


def _conflict(error: IntegrityError, values: dict[str, Any]) -> Exception:
    field = violated_field(error)
    return error if field is None else Conflict.taken(field, values.get(field))
