"""Login, logout and the logged-in user."""

from __future__ import annotations

from typing import Any

from bridge.testing import Exchange
from legacy_sync.seed import PASSWORD

__all__ = ["EXCHANGES"]

MEMBER = 3
JSON = {"content-type": "application/json"}


def login(fact: str, status: int, body: Any, **more: Any) -> Exchange:
    return Exchange(f"login-{fact}", "POST /auth/login", "POST", "/auth/login", status, body, **more)


def logout(fact: str, **more: Any) -> Exchange:
    return Exchange(f"logout-{fact}", "POST /auth/logout", "POST", "/auth/logout", 204, **more)


def me(fact: str, status: int, user_id: int | None, **more: Any) -> Exchange:
    return Exchange(f"me-{fact}", "GET /auth/me", "GET", "/auth/me", status, user_id=user_id, **more)


EXCHANGES: tuple[Exchange, ...] = (
    login("succeeds", 200, {"username": "user0003", "password": PASSWORD}),
    login("wrong-password", 401, {"username": "user0003", "password": "wrong"}),
    login("inactive-user", 401, {"username": "user0009", "password": PASSWORD}),
    login("invalid-payload", 400, {"username": "", "password": "a\0", "next": "/"}),
    login("form", 415, b"username=admin", headers={"content-type": "application/x-www-form-urlencoded"}),
    logout("forgets-the-login", user_id=MEMBER),
    logout("with-tampered-cookie", headers={"cookie": "session=garbage"}),
    me("logged-in", 200, MEMBER),
    me("logged-out", 401, None),
    me("tampered-cookie", 401, None, headers={"cookie": "session=garbage"}),
)
