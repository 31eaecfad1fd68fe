"""Reproducible sample data: the same arguments give the same rows, apart from the salt of the password hash."""

from __future__ import annotations

from itertools import islice
from random import Random
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select, text

from legacy_sync.models import Post, Tag, User, post_tags
from legacy_sync.passwords import hash_password
from legacy_sync.seed_rows import TAG_NAMES, post_row, post_tag_rows, user_row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sqlalchemy.orm import Session

PASSWORD: Final = "correct horse battery"  # noqa: S105  of example users
"""Password of every seeded user."""

CHUNK_ROWS: Final = 1000


class SeedError(ValueError):
    """The sample data cannot be written."""


def seed(
    session: Session,
    *,
    users: int,
    posts: int,
    seed: int = 1,
    on_progress: Callable[[int, int], None] | None = None,
) -> None:
    """Fill empty tables with users 1..users, posts 1..posts and the tags, and commit.

    User 1 is the admin "admin", user 2 the editor "editor", the others are members like "user0003".
    ``on_progress`` gets the number of users and posts written so far and in total. Raises SeedError
    when there are users already, or when posts are wanted without users.
    """
    if posts and not users:
        message = "posts need at least one user"
        raise SeedError(message)
    if session.scalars(select(User.id).limit(1)).first() is not None:
        message = "the database already has users"
        raise SeedError(message)
    rng = Random(seed)  # noqa: S311  the same rows each time
    password_hash = hash_password(PASSWORD)
    session.execute(insert(Tag), [{"id": number, "name": name} for number, name in enumerate(TAG_NAMES, start=1)])
    done = 0
    for chunk in _chunks(user_row(rng, number, password_hash) for number in range(1, users + 1)):
        session.execute(insert(User), chunk)
        done = _report(on_progress, done + len(chunk), users + posts)
    for chunk in _chunks(post_row(rng, number, users) for number in range(1, posts + 1)):
        session.execute(insert(Post), chunk)
        links = [link for row in chunk for link in post_tag_rows(rng, row["id"])]
        if links:
            session.execute(insert(post_tags), links)
        done = _report(on_progress, done + len(chunk), users + posts)
    _advance_sequences(session)
    session.commit()


def _chunks(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    remaining = iter(rows)
    while chunk := list(islice(remaining, CHUNK_ROWS)):
        yield chunk


def _report(on_progress: Callable[[int, int], None] | None, done: int, total: int) -> int:
    if on_progress is not None:
        on_progress(done, total)
    return done


def _advance_sequences(session: Session) -> None:
    """Let PostgreSQL continue after the explicit ids; SQLite does so by itself."""
    if session.get_bind().dialect.name != "postgresql":
        return
    for table in ("users", "posts", "tags"):
        session.execute(
            text(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), "  # noqa: S608  our own table names
                f"coalesce(max(id), 1), max(id) IS NOT NULL) FROM {table}"
            )
        )
