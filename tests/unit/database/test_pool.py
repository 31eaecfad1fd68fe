"""The pool's settings."""

from __future__ import annotations

from typing import Any

import pytest

from bridge import ConfigurationError, Database, InvalidPoolSize, PoolSettings


@pytest.mark.parametrize(("size", "overflow"), [(0, 10), (-1, 0), (5, -1)])
def test_a_pool_that_cannot_serve_a_request_is_refused(size: int, overflow: int) -> None:
    with pytest.raises(InvalidPoolSize, match=rf"pool size {size} with overflow {overflow} .* at least 1"):
        PoolSettings(size=size, overflow=overflow)


def test_the_smallest_pool_has_one_connection() -> None:
    assert PoolSettings(size=1, overflow=0).connections == 1


@pytest.mark.parametrize(
    ("option", "instead"),
    [
        ("pool_size", r"PoolSettings\(size="),
        ("max_overflow", r"PoolSettings\(overflow="),
        ("pool_timeout", r"PoolSettings\(timeout="),
        ("pool_recycle", r"PoolSettings\(recycle="),
        ("pool_pre_ping", r"PoolSettings\(pre_ping="),
        ("poolclass", "PoolSettings"),
        ("creator", "do_connect"),
        ("async_creator", "async_creator_fn"),
    ],
)
def test_an_engine_option_that_would_change_the_pool_behind_its_settings_is_refused(option: str, instead: str) -> None:
    """The capacity of worker threads and the connection budget would be those of another pool."""
    options: dict[str, Any] = {option: 1}
    with pytest.raises(ConfigurationError, match=f"takes no '{option}', .*{instead}"):
        Database("postgresql://host/name", **options)


def test_both_engines_get_a_pool_of_the_same_size() -> None:
    database = Database("postgresql://host/name", pool=PoolSettings(size=3, overflow=4, timeout=5))
    pools = database.sync_engine.pool, database.async_engine.sync_engine.pool
    for pool in pools:
        assert (pool.size(), pool._max_overflow, pool._timeout) == (3, 4, 5)  # type: ignore[attr-defined]  # the pool is a QueuePool
    assert database.pool.connections == 7
