"""The rows of the sample data, with values that tend to break things: wildcards, non-ASCII text, trailing zeros."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from legacy_sync.models import PostStatus, Role

if TYPE_CHECKING:
    from random import Random

BASE_TIME: Final = datetime(2024, 1, 1, 8, 30, 0, 123456, tzinfo=UTC)
TAG_NAMES: Final = (
    "async",
    "café",
    "databases",
    "draft_ideas",
    "flask",
    "news",
    "performance",
    "python",
    "release",
    "security",
    "testing",
    "日本語",
)
TITLES: Final = (
    "Release notes",
    "100% done_ish",
    "Über naïve Umlaute",
    "データベース入門",
    "Why queries are slow",
    "Emoji 🚀 in titles",
)
BODIES: Final = (
    "",
    "A short note.",
    "Several lines\nof text\twith a tab.",
    "„Quoted“ — and some <b>markup</b> & symbols.",
    "Привет, мир! " * 20,
)
RATINGS: Final = (None, Decimal(0), Decimal("4.50"), Decimal("3.1"), Decimal("5.000"), Decimal("2.75"), None)
STATUSES: Final = (PostStatus.DRAFT, PostStatus.PUBLISHED, PostStatus.PUBLISHED, PostStatus.ARCHIVED)


def user_row(rng: Random, number: int, password_hash: str) -> dict[str, Any]:
    """Make the columns of user ``number``, counting from 1; every ninth one from 9 on is inactive."""
    created_at = BASE_TIME + timedelta(hours=number, microseconds=rng.randrange(1_000_000))
    seen = rng.random() < 0.5  # noqa: PLR2004  half of them
    return {
        "id": number,
        "public_id": UUID(int=rng.getrandbits(128), version=4),
        "username": _username(number),
        "email": _email(number),
        "password_hash": password_hash,
        "role": {1: Role.ADMIN, 2: Role.EDITOR}.get(number, Role.MEMBER),
        "is_active": number % 9 != 0,
        "balance": Decimal(rng.randrange(0, 1_000_000, 10)).scaleb(-2),
        "version": 1,
        "created_at": created_at,
        "last_seen_at": created_at + timedelta(days=1) if seen else None,
    }


def post_row(rng: Random, number: int, user_count: int) -> dict[str, Any]:
    """Make the columns of post ``number``, counting from 1."""
    created_at = BASE_TIME + timedelta(days=30, minutes=number, microseconds=rng.randrange(1_000_000))
    status = rng.choice(STATUSES)
    return {
        "id": number,
        "author_id": rng.randint(1, user_count),
        "title": f"{rng.choice(TITLES)} #{number}",
        "body": rng.choice(BODIES),
        "status": status,
        "rating": rng.choice(RATINGS),
        "meta": _meta(rng, number),
        "published_at": None if status is PostStatus.DRAFT else created_at + timedelta(hours=2),
        "created_at": created_at,
    }


def post_tag_rows(rng: Random, post_id: int) -> list[dict[str, int]]:
    """Link a post to up to three tags."""
    tag_ids = rng.sample(range(1, len(TAG_NAMES) + 1), rng.randint(0, 3))
    return [{"post_id": post_id, "tag_id": tag_id} for tag_id in tag_ids]


def _username(number: int) -> str:
    return {1: "admin", 2: "editor"}.get(number, f"user{number:04d}")


def _email(number: int) -> str:
    """Make an address; some contain the LIKE wildcards."""
    local = _username(number)
    if number % 10 == 0:
        local = f"{local}_100%"
    elif number % 10 == 5:  # noqa: PLR2004  every tenth
        local = local.replace("user", "user_")
    return f"{local}@example.com"


def _meta(rng: Random, number: int) -> dict[str, Any]:
    if number % 4 == 0:
        return {}
    return {
        "source": rng.choice(["web", "import", "モバイル"]),
        "reading": {
            "minutes": rng.randint(1, 30),
            "score": rng.randint(0, 100) / 8,
            "levels": [1, [2, {"three": None}]],
        },
        "flags": [True, False, None],
    }
