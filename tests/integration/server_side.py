"""What the server knows: who is connected, who waits, and how to get in the way."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import anyio
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bridge import Database

PATIENCE_S = 10.0
POLL_S = 0.01


class ServerSide:
    """Looks at one database of a PostgreSQL server from outside of the application."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(
            make_url(url).set(drivername="postgresql+psycopg2"), isolation_level="AUTOCOMMIT", poolclass=NullPool
        )

    def rows(self, sql: str, **values: Any) -> list[Any]:
        with self._engine.connect() as connection:
            return list(connection.execute(text(sql), values))

    def run(self, sql: str) -> None:
        with self._engine.connect() as connection:
            connection.execute(text(sql))

    def connections(self, condition: str = "true") -> list[int]:
        """Return the process ids of everybody else's connections to this database."""
        return [
            row.pid
            for row in self.rows(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "  # noqa: S608  the condition is the test's own
                f"AND backend_type = 'client backend' AND {condition}"
            )
        ]

    def waiting_for_locks(self) -> list[int]:
        return self.connections("wait_event_type = 'Lock' AND state = 'active'")

    def terminate(self, pids: list[int]) -> None:
        for pid in pids:
            assert self.rows("SELECT pg_terminate_backend(:pid, 5000)", pid=pid)[0][0]

    def users(self, name: str) -> int:
        count: int = self.rows("SELECT count(*) FROM users WHERE username = :name", name=name)[0][0]
        return count

    @contextmanager
    def holding(self, table: str, mode: str = "ACCESS EXCLUSIVE") -> Iterator[Callable[[], None]]:
        """Lock *table*, by default against everybody; yields the function that lets go, which is also called at the end."""
        connection = self._engine.connect().execution_options(isolation_level="READ COMMITTED")
        connection.execute(text(f"LOCK TABLE {table} IN {mode} MODE"))

        def let_go() -> None:
            if connection.in_transaction():
                connection.rollback()

        try:
            yield let_go
        finally:
            let_go()
            connection.close()


async def until(condition: Callable[[], object]) -> None:
    """Wait for the server, which has no events to offer."""
    with anyio.fail_after(PATIENCE_S):
        while not condition():  # noqa: ASYNC110  as the docstring says
            await anyio.sleep(POLL_S)


def checked_out(database: Database) -> int:
    """Return how many connections are out of both pools."""
    pools: list[Any] = [database.sync_engine.pool, database.async_engine.sync_engine.pool]
    return sum(pool.checkedout() for pool in pools)


async def assert_nothing_leaked(database: Database, server: ServerSide) -> None:
    """Check that both pools are full and no transaction was left open."""
    await until(lambda: checked_out(database) == 0)
    await until(lambda: not server.connections("state <> 'idle'"))
    assert not server.connections("state LIKE 'idle in transaction%'")
