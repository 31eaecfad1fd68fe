"""Creation of accounts, and the uniqueness of usernames and emails."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from legacy_sync.models import User
from legacy_sync.passwords import hash_password
from legacy_sync.schemas import UserCreate
from legacy_sync.services.errors import Conflict

# In the order in which they are checked.
UNIQUE_FIELDS: Final = ("username", "email")


@dataclass(frozen=True, slots=True)
class Clash:
    """A value that is in use already; ``row`` is the 1-based position of the payload."""

    field: str
    value: str
    row: int


def add_accounts(session: Session, payloads: Sequence[UserCreate], *, numbered: bool = False) -> list[User]:
    """Insert all accounts in one transaction and commit it.

    Raises Conflict for the first payload whose username, or else email, is taken or repeated; with
    ``numbered`` the error tells its row.
    """
    _refuse_clash(session, payloads, numbered=numbered)
    users = [_new_user(payload) for payload in payloads]
    session.add_all(users)
    try:
        session.commit()
    except IntegrityError as error:
        # Someone else was faster between the check and the insert.
        session.rollback()
        _refuse_clash(session, payloads, numbered=numbered)
        field = violated_field(error)
        if field is None:
            raise
        raise Conflict.taken(field) from error
    return users


def email_in_use(session: Session, email: str, *, except_user_id: int) -> bool:
    """Tell whether another account has the email."""
    statement = select(User.id).where(User.email == email, User.id != except_user_id)
    return session.scalars(statement).first() is not None


def violated_field(error: IntegrityError) -> str | None:
    """Return the unique field whose constraint was broken, or None when it was some other constraint."""
    # Only the first line: on PostgreSQL the following ones quote the client's value.
    summary = str(error.orig).partition("\n")[0]
    for field in UNIQUE_FIELDS:
        if f'"uq_users_{field}"' in summary or summary.endswith(f"users.{field}"):
            return field
    return None


def _refuse_clash(session: Session, payloads: Sequence[UserCreate], *, numbered: bool) -> None:
    clash = _first_clash(session, payloads)
    if clash is not None:
        raise Conflict.taken(clash.field, clash.value, clash.row if numbered else None)


def _first_clash(session: Session, payloads: Sequence[UserCreate]) -> Clash | None:
    usernames = [payload.username for payload in payloads]
    emails = [payload.email for payload in payloads]
    taken = {
        "username": set(session.scalars(select(User.username).where(User.username.in_(usernames)))),
        "email": set(session.scalars(select(User.email).where(User.email.in_(emails)))),
    }
    for row, payload in enumerate(payloads, start=1):
        for field, value in zip(UNIQUE_FIELDS, (payload.username, payload.email), strict=True):
            if value in taken[field]:
                return Clash(field=field, value=value, row=row)
            taken[field].add(value)
    return None


def _new_user(payload: UserCreate) -> User:
    return User(
        username=payload.username,
        email=payload.email,
        password_hash=hash_password(payload.password),
        role=payload.role,
        balance=payload.balance,
    )
