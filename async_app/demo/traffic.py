"""The requests of the demo: the same sequence on each path, so that the answers can be compared one by one."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from legacy_sync.seed import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

__all__ = ["Reply", "Traffic", "drive"]

REPEATS: Final = 15
ADMIN: Final = "admin"


@dataclass(frozen=True, slots=True)
class Reply:
    """
    One answered request.

    Attributes:
        operation: Method and rule.
        path: The path that answered.
        elapsed_ms: Time from sending the request to the last byte of the answer, in milliseconds.
        status: HTTP status.
        body: The answer.
    """

    operation: str
    path: str
    elapsed_ms: float
    status: int
    body: bytes


@dataclass(slots=True)
class Traffic:
    """Sends requests and keeps every reply, in order."""

    client: httpx.Client
    on_reply: Callable[[], None] = lambda: None
    replies: list[Reply] = field(default_factory=list)

    def send(self, operation: str, url: str, **options: Any) -> httpx.Response:
        """Send one request of *operation* to *url*."""
        method = operation.partition(" ")[0]
        started = time.perf_counter()
        response = self.client.request(method, url, **options)
        elapsed_ms = (time.perf_counter() - started) * 1000
        path = response.headers.get("bridge-path", "")
        self.replies.append(Reply(operation, path, elapsed_ms, response.status_code, response.content))
        self.on_reply()
        return response


def drive(traffic: Traffic) -> None:
    """Send the demo's requests: every operation fifteen times, as an admin, on a seeded database."""
    for _ in range(REPEATS):
        traffic.send("POST /auth/login", "/auth/login", json={"username": ADMIN, "password": PASSWORD})
    for number in range(REPEATS):
        _read(traffic, number)
    for number in range(REPEATS):
        _change_users(traffic, number)
        _change_posts(traffic, number)
    for _ in range(REPEATS):
        traffic.send("POST /auth/logout", "/auth/logout")


def _read(traffic: Traffic, number: int) -> None:
    traffic.send("GET /", "/")
    traffic.send("GET /health", "/health")
    traffic.send("GET /reports/users.csv", "/reports/users.csv")
    traffic.send("GET /users/me", "/users/me")
    traffic.send("GET /auth/me", "/auth/me")
    traffic.send("GET /users/{user_id}", f"/users/{number + 1}")
    traffic.send("GET /users/{user_id}", f"/users/{number + 1_000_000}")
    traffic.send("GET /users", "/users", params={"keyword": "user", "page": number + 1})
    traffic.send("GET /users/stats", "/users/stats", params={"min_posts": number})
    traffic.send("GET /posts/{post_id}", f"/posts/{number + 1}")
    traffic.send("GET /posts", "/posts", params={"page": number + 1, "status": "published"})


def _change_users(traffic: Traffic, number: int) -> None:
    account = _account(f"demo{number:03}")
    created = traffic.send("POST /users", "/users", json=account)
    traffic.send("POST /users", "/users", json=account)
    user = created.json()
    url = f"/users/{user['id']}"
    change = {"version": user["version"], "balance": f"{number}.50"}
    traffic.send("PATCH /users/{user_id}", url, json=change)
    traffic.send("PATCH /users/{user_id}", url, json=change)
    batch = [_account(f"demo{number:03}.{member}") for member in range(3)]
    ids = [
        member["id"]
        for member in traffic.send("POST /users/bulk", "/users/bulk", json={"users": batch}).json()["users"]
    ]
    traffic.send("POST /users/deactivate", "/users/deactivate", json={"ids": ids})
    traffic.send("DELETE /users/{user_id}", f"/users/{ids[0]}")
    rows = f"username,email,password\nimported{number:03},imported{number:03}@example.org,long enough\n"
    traffic.send("POST /users/import", "/users/import", files={"file": ("users.csv", rows.encode(), "text/csv")})


def _change_posts(traffic: Traffic, number: int) -> None:
    draft = {
        "title": f"Draft {number}",
        "body": "Grüße",
        "tags": ["demo", "python"],
        "rating": "4.50",
        "meta": {"n": number},
    }
    post = traffic.send("POST /users/{user_id}/posts", f"/users/{number + 3}/posts", json=draft).json()
    url = f"/posts/{post['id']}"
    traffic.send("PATCH /posts/{post_id}", url, json={"title": f"Changed {number}", "rating": None})
    traffic.send("POST /posts/{post_id}/publish", f"{url}/publish")
    traffic.send("POST /posts/{post_id}/publish", f"{url}/publish")
    traffic.send("DELETE /posts/{post_id}", url)


def _account(name: str) -> dict[str, str]:
    return {"username": name, "email": f"{name}@example.org", "password": "long enough"}
