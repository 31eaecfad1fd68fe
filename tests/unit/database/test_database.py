"""What a database offers before anybody connects."""

from __future__ import annotations

import pytest

from bridge import Database, DatabaseUnreachable

# Nothing listens on port 1 of this machine.
NOBODY = "postgresql://someone:s3cret-w0rd@127.0.0.1:1/name"


def test_nothing_connects_before_the_first_use() -> None:
    database = Database(NOBODY)
    assert database.sync_engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # the pool is a QueuePool


def test_the_asynchronous_sessions_do_not_expire_on_commit() -> None:
    database = Database(NOBODY)
    assert database.async_sessions.kw["expire_on_commit"] is False
    assert "expire_on_commit" not in database.sessions.kw or database.sessions.kw["expire_on_commit"] is True


def test_an_unreachable_database_is_named_without_its_password() -> None:
    with pytest.raises(DatabaseUnreachable) as raised:
        Database(NOBODY).check()
    message = str(raised.value)
    assert "cannot connect to postgresql+psycopg2://someone:***@127.0.0.1:1/name" in message
    assert "Check that the server runs and that DATABASE_URL names it" in message
    assert "s3cret" not in message
    assert raised.value.__suppress_context__, "the driver's own message may quote the URL"


async def test_disposing_of_a_database_that_was_never_used_is_fine() -> None:
    await Database(NOBODY).dispose()
