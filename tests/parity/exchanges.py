"""The exchanges, as data."""

from __future__ import annotations

from bridge.testing import Exchange

__all__ = ["EXCHANGES"]

EXCHANGES: tuple[Exchange, ...] = (
    Exchange("user-detail", "GET /users/{user_id}", "GET", "/users/3", 200),
    Exchange("user-created", "POST /users", "POST", "/users", 201, body={"username": "fresh.name", "email": "fresh@example.org", "password": "long enough"}),
    Exchange("email-changed", "PATCH /users/{user_id}", "PATCH", "/users/3", 200, body={"version": 1, "email": "x@example.org"}, user_id=3, prepare=("UPDATE users SET version = 1 WHERE id = 3",)),
)
