"""The pool's settings."""

from __future__ import annotations

import pytest

from bridge import Database, InvalidPoolSize, PoolSettings


@pytest.mark.parametrize(("size", "overflow"), [(0, 10), (-1, 0), (5, -1)])
def test_a_pool_that_cannot_serve_a_request_is_refused(size: int, overflow: int) -> None:
    with pytest.raises(InvalidPoolSize, match=rf"pool size {size} with overflow {overflow} .* at least 1"):
        PoolSettings(size=size, overflow=overflow)


def test_the_smallest_pool_has_one_connection() -> None:
    assert PoolSettings(size=1, overflow=0).connections == 1


def test_both_engines_get_a_pool_of_the_same_size() -> None:
    database = Database("postgresql://host/name", pool=PoolSettings(size=3, overflow=4, timeout=5))
    pools = database.sync_engine.pool, database.async_engine.sync_engine.pool
    for pool in pools:
        assert (pool.size(), pool._max_overflow, pool._timeout) == (3, 4, 5)  # type: ignore[attr-defined]
    assert database.pool.connections == 7
