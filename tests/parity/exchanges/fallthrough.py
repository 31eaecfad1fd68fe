"""Requests that no ported operation answers: Flask does, on every application."""

from __future__ import annotations

from typing import Any

from bridge.testing import Exchange

__all__ = ["EXCHANGES"]

ADMIN, MEMBER = 1, 3
FORM = {"content-type": "multipart/form-data; boundary=b"}


def flask(fact: str, method: str, path: str, status: int, **more: Any) -> Exchange:
    return Exchange(fact, "", method, path, status, **more)


def upload(csv: str) -> bytes:
    head = 'Content-Disposition: form-data; name="file"; filename="users.csv"\r\nContent-Type: text/csv'
    return f"--b\r\n{head}\r\n\r\n{csv}\r\n--b--\r\n".encode()


EXCHANGES: tuple[Exchange, ...] = (
    flask("health", "GET", "/health", 200),
    flask("start-page", "GET", "/", 200),
    flask("report-for-admin", "GET", "/reports/users.csv", 200, user_id=ADMIN),
    flask("users-me-is-not-an-id", "GET", "/users/me", 200, user_id=MEMBER),
    flask("users-me-cannot-be-patched", "PATCH", "/users/me", 405, user_id=MEMBER, body={"version": 1}),
    flask(
        "import-by-admin",
        "POST",
        "/users/import",
        201,
        user_id=ADMIN,
        headers=FORM,
        body=upload("email,username,password\r\namy@e.org,amy,long enough\r\n"),
    ),
    flask("unknown-path", "GET", "/nowhere/%E6%97%A5", 404),
    flask("users-trailing-slash", "GET", "/users/", 404),
    flask("user-double-slash", "GET", "/users//3?a=%20b", 308),
    flask("user-id-word", "GET", "/users/abc", 404),
    flask("user-id-with-line-break", "GET", "/users/3%0A", 404),
    flask("user-id-of-5000-digits", "GET", f"/users/{'9' * 5000}", 404),
    flask("user-options", "OPTIONS", "/users/3", 200),
    flask("user-put-is-not-allowed", "PUT", "/users/3", 405, user_id=MEMBER, body={"version": 1}),
)
