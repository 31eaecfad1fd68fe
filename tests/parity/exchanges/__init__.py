"""The exchanges, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.parity.exchanges import auth, fallthrough, posts, users_read, users_write

if TYPE_CHECKING:
    from bridge.testing import Exchange

__all__ = ["EXCHANGES"]

EXCHANGES: tuple[Exchange, ...] = (
    *users_read.EXCHANGES,
    *users_write.EXCHANGES,
    *posts.EXCHANGES,
    *auth.EXCHANGES,
    *fallthrough.EXCHANGES,
)
