"""Password hashing with argon2id, usable inside and outside a Flask application context."""

from __future__ import annotations

import os
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import current_app, has_app_context

from legacy_sync.config import PasswordCost, read_password_cost


def hasher() -> PasswordHasher:
    """Return the hasher for the current application, or for the environment's settings when there is none."""
    if has_app_context() and "ARGON2_TIME_COST" in current_app.config:
        return _hasher_for(read_password_cost(current_app.config))
    return _hasher_for(read_password_cost(os.environ))


def hash_password(password: str) -> str:
    """Make a salted argon2id hash in PHC format."""
    return hasher().hash(password)


def password_matches(password_hash: str | None, password: str) -> bool:
    """Tell whether the password belongs to the hash; without a hash, do the same work and say no."""
    expected = _unmatchable_hash(hasher()) if password_hash is None else password_hash
    try:
        hasher().verify(expected, password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


@lru_cache(maxsize=8)
def _hasher_for(cost: PasswordCost) -> PasswordHasher:
    # One lane: concurrency comes from the server's workers, not from one request.
    return PasswordHasher(time_cost=cost.time_cost, memory_cost=cost.memory_cost_kib, parallelism=1)


@lru_cache(maxsize=8)
def _unmatchable_hash(password_hasher: PasswordHasher) -> str:
    return password_hasher.hash(os.urandom(32))
