"""Reports for admins."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, stream_with_context
from sqlalchemy import select

from legacy_sync.database import db_session
from legacy_sync.models import User
from legacy_sync.services.authorization import require_actor, require_admin
from legacy_sync.views.login import actor_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

ROWS_PER_CHUNK: Final = 200
COLUMNS: Final = ("id", "username", "email", "role", "is_active", "balance", "created_at", "last_seen_at")


def users_csv() -> Response:
    """Stream all users as a CSV download, in order of id."""
    return Response(
        stream_with_context(_csv_chunks(db_session())),
        mimetype="text/csv",
        headers={"Content-Disposition": 'attachment; filename="users.csv"'},
    )


def _admins_only() -> None:
    require_admin(require_actor(db_session(), actor_id()))


def _csv_chunks(session: Session) -> Iterator[str]:
    """Yield the header line, then chunks of up to ROWS_PER_CHUNK lines, without loading all users at once."""
    # Flask tears the application context down before the stream is read, so the stream closes the session itself.
    with session:
        yield _csv_text([COLUMNS])
        statement = select(User).order_by(User.id).execution_options(yield_per=ROWS_PER_CHUNK)
        for chunk in session.scalars(statement).partitions():
            yield _csv_text([_csv_row(user) for user in chunk])


def _csv_row(user: User) -> tuple[object, ...]:
    return (
        user.id,
        user.username,
        user.email,
        user.role.value,
        str(user.is_active).lower(),
        user.balance,
        _utc_text(user.created_at),
        "" if user.last_seen_at is None else _utc_text(user.last_seen_at),
    )


def _utc_text(moment: datetime) -> str:
    # SQLite gives naive values; all of them are UTC.
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat()


def _csv_text(rows: list[tuple[object, ...]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue()


def blueprint() -> Blueprint:
    """Build the /reports routes, all for admins only."""
    routes = Blueprint("reports", __name__, url_prefix="/reports")
    routes.before_request(_admins_only)
    routes.get("/users.csv")(users_csv)
    return routes
