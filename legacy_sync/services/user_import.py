"""Import of users from a CSV file."""

import csv
from collections.abc import Iterable, Sequence
from typing import Final, TextIO

from pydantic import ValidationError
from sqlalchemy.orm import Session

from legacy_sync.models import User
from legacy_sync.schemas import UserCreate
from legacy_sync.services.accounts import add_accounts
from legacy_sync.services.authorization import require_actor, require_admin
from legacy_sync.services.errors import InvalidFields

MAX_ROWS: Final = 1000
REQUIRED_COLUMNS: Final = frozenset({"username", "email", "password"})
KNOWN_COLUMNS: Final = REQUIRED_COLUMNS | {"role"}


def read_users(file: TextIO) -> list[UserCreate]:
    """Read a CSV file with the columns username, email, password and optionally role, in any order.

    Raises InvalidFields naming ``file``, or ``rows.<n>.<column>`` with n counting data rows from 1.
    """
    try:
        reader = csv.DictReader(file, strict=True)
        _check_columns(reader.fieldnames or ())
        return _read_rows(reader)
    except UnicodeDecodeError:
        raise InvalidFields({"file": "expected UTF-8 text"}) from None
    except csv.Error:
        raise InvalidFields({"file": "expected comma-separated values"}) from None


def import_users(session: Session, actor_id: int, users: list[UserCreate]) -> list[User]:
    """Register all accounts or none. Raises Unauthorized, Forbidden, Conflict (with the row)."""
    require_admin(require_actor(session, actor_id))
    return add_accounts(session, users, numbered=True)


def _check_columns(columns: Sequence[str]) -> None:
    if not REQUIRED_COLUMNS <= set(columns) <= KNOWN_COLUMNS or len(set(columns)) != len(columns):
        raise InvalidFields({"file": "expected the columns username, email, password and optionally role"})


def _read_rows(rows: Iterable[dict[str, str]]) -> list[UserCreate]:
    users: list[UserCreate] = []
    problems: dict[str, str] = {}
    for number, row in enumerate(rows, start=1):
        if number > MAX_ROWS:
            raise InvalidFields({"file": f"expected at most {MAX_ROWS} rows"})
        try:
            users.append(_read_row(row))
        except InvalidFields as error:
            fields: dict[str, str] = (error.details or {})["fields"]
            problems.update({f"rows.{number}.{name}": message for name, message in fields.items()})
    if problems:
        raise InvalidFields(problems)
    if not users:
        raise InvalidFields({"file": "expected at least one row"})
    return users


def _read_row(row: dict[str, str]) -> UserCreate:
    if None in row or None in row.values():
        raise InvalidFields({"_": "expected one value for every column"})
    if not row.get("role"):
        row.pop("role", None)
    try:
        return UserCreate.model_validate(row)
    except ValidationError as error:
        raise InvalidFields.from_errors(error.errors(include_url=False, include_input=False)) from None
