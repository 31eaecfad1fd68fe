"""Operations on many users at once, for admins."""

from __future__ import annotations

from io import TextIOWrapper
from typing import Any

from flask import Blueprint, request

from legacy_sync.database import db_session
from legacy_sync.inputs import json_body
from legacy_sync.presenters import user_summary
from legacy_sync.schemas import UserBatch, UserIds
from legacy_sync.services import user_import, users
from legacy_sync.services.errors import InvalidFields
from legacy_sync.views.login import actor_id, login_required


@login_required
def create_users() -> tuple[dict[str, Any], int]:
    """Register up to 100 users from JSON, all or none."""
    created = users.create_users(db_session(), actor_id(), json_body(UserBatch))
    return {"users": [user_summary(user) for user in created], "count": len(created)}, 201


@login_required
def deactivate_users() -> dict[str, int]:
    """Deactivate users by id."""
    return {"deactivated": users.deactivate_users(db_session(), actor_id(), json_body(UserIds))}


@login_required
def import_users() -> tuple[dict[str, int], int]:
    """Register up to 1000 users from the CSV upload ``file``, all or none."""
    upload = request.files.get("file")
    if upload is None:
        raise InvalidFields({"file": "Field required"})
    # Spreadsheets write a byte order mark; csv wants line ends untouched.
    payloads = user_import.read_users(TextIOWrapper(upload.stream, encoding="utf-8-sig", newline=""))
    imported = user_import.import_users(db_session(), actor_id(), payloads)
    return {"imported": len(imported)}, 201


def blueprint() -> Blueprint:
    """Build the /users routes for many users."""
    routes = Blueprint("user_batches", __name__, url_prefix="/users")
    routes.post("/bulk")(create_users)
    routes.post("/deactivate")(deactivate_users)
    routes.post("/import")(import_users)
    return routes
