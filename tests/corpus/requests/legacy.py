"""Requests for the existing application, in an order that makes sense of its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Flask

from legacy_sync.seed import PASSWORD
from tests.conftest import SECRET_KEY
from tests.corpus.clock import StillSessionInterface
from tests.corpus.requests.build import FORM, JSON, req

if TYPE_CHECKING:
    from tests.corpus.raw import RawRequest

__all__ = ["REQUESTS"]


def login_of(user_id: int) -> str:
    app = Flask("login")
    app.secret_key = SECRET_KEY
    serializer = StillSessionInterface().get_signing_serializer(app)
    assert serializer is not None
    return f"session={serializer.dumps({'user_id': user_id})}"


ADMIN, MEMBER = login_of(1), login_of(3)


def legacy(method: str, target: str, note: str = "", cookie: str = "", **more: Any) -> RawRequest:
    # Without an id of the client's, the hook makes one up.
    headers = more.pop("headers", {}) | {"X-Request-ID": "corpus"} | ({"Cookie": cookie} if cookie else {})
    if more.get("body") is not None or "chunks" in more:
        headers = JSON | headers
    return req(method, target, note, headers, app="legacy", **more)


UPLOAD = (
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="u.csv"\r\nContent-Type: text/csv\r\n\r\n'
    b"email,username,password\r\namy@e.org,amy,long enough\r\n\r\n--b--\r\n"
)
CREDENTIALS = f'{{"username": "user0003", "password": "{PASSWORD}"}}'.encode()
REQUESTS = (
    legacy("GET", "/"),
    legacy("HEAD", "/"),
    legacy("GET", "/health"),
    legacy("GET", "/nowhere"),
    legacy("GET", "/users"),
    legacy("GET", "/users?size=2&size=3&page=2"),
    legacy("GET", "/users?size=x&page=0"),
    legacy("GET", "/users?keyword=%25&size=5"),
    legacy("GET", "/users?keyword=%FF"),
    legacy("GET", "/users/"),
    legacy("GET", "/users/3"),
    legacy("HEAD", "/users/3"),
    legacy("OPTIONS", "/users/3"),
    legacy("PUT", "/users/3"),
    legacy("GET", "/users/-3"),
    legacy("GET", "/users/999"),
    legacy("GET", "/users//3"),
    legacy("GET", "/users/stats?limit=3"),
    legacy("GET", "/posts?size=2"),
    legacy("GET", "/posts/3"),
    legacy("GET", "/users/me", "logged out"),
    legacy("GET", "/users/me", "logged in", MEMBER),
    legacy("GET", "/users/me", "forged", "session=garbage"),
    legacy("GET", "/auth/me", "logged in", MEMBER),
    legacy("POST", "/auth/login", "right", body=CREDENTIALS),
    legacy("POST", "/auth/login", "chunked", chunks=(CREDENTIALS[:5], CREDENTIALS[5:])),
    legacy("POST", "/auth/login", "wrong", body=b'{"username": "user0003", "password": "x"}'),
    legacy("POST", "/auth/login", "form", body=b"username=admin", headers=FORM),
    legacy("POST", "/auth/login", "not json", body=b"{"),
    legacy("POST", "/auth/logout", "logged in", MEMBER),
    legacy("POST", "/users", "made", body=b'{"email": "new@e.org", "username": "new", "password": "long enough"}'),
    legacy("POST", "/users", "again", body=b'{"email": "new@e.org", "username": "new", "password": "long enough"}'),
    legacy("POST", "/users", "invalid", body=b'{"email": "x"}'),
    legacy("PATCH", "/users/3", "stale", MEMBER, body=b'{"username": "renamed", "version": 99}'),
    legacy("PATCH", "/users/3", "renamed", MEMBER, body=b'{"username": "renamed", "version": 1}'),
    legacy("PATCH", "/users/4", "somebody else", MEMBER, body=b'{"username": "x", "version": 1}'),
    legacy("POST", "/users/3/posts", "written", MEMBER, body=b'{"title": "t", "body": "b", "tags": []}'),
    legacy("DELETE", "/posts/4", "not allowed", MEMBER),
    legacy("DELETE", "/posts/4", "deleted", ADMIN),
    legacy("POST", "/posts/5/publish", "by the admin", ADMIN),
    legacy(
        "POST", "/users/import", "upload", ADMIN, body=UPLOAD, headers={"Content-Type": "multipart/form-data; boundary=b"}
    ),
    legacy("GET", "/reports/users.csv", "logged out"),
    legacy("GET", "/reports/users.csv", "as a member", MEMBER),
    legacy("GET", "/reports/users.csv", "as an admin", ADMIN),
    legacy("HEAD", "/reports/users.csv", "as an admin", ADMIN),
)  # fmt: skip
