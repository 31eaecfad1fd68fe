"""A login made by Flask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask.sessions import SecureCookieSessionInterface

if TYPE_CHECKING:
    from flask import Flask


def session_cookie(app: Flask, user_id: int) -> dict[str, str]:
    """Return the cookie Flask sets for a login of *user_id*."""
    serializer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert serializer is not None
    return {"session": str(serializer.dumps({"user_id": user_id}))}
