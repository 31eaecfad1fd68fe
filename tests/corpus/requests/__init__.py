"""The requests, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.corpus.requests import bodies, hosts, legacy, paths, state, values

if TYPE_CHECKING:
    from tests.corpus.raw import RawRequest

__all__ = ["REQUESTS"]

# In this order: those for the existing application change its rows.
REQUESTS: tuple[RawRequest, ...] = (
    *paths.REQUESTS,
    *values.REQUESTS,
    *bodies.REQUESTS,
    *state.REQUESTS,
    *hosts.REQUESTS,
    *legacy.REQUESTS,
)
