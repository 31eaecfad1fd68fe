"""A forked process has connections of its own, as each worker of a server that loads the application before it forks."""

from __future__ import annotations

import asyncio
import gc
import os
import warnings
import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import make_url, text

from bridge import Database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")

CHILDREN = 2
SERVER_PROCESS = text("SELECT pg_backend_pid()")


@contextmanager
def children(report: Callable[[], int]) -> Iterator[list[int]]:
    """Yield what *report* returns in each of some children, which end with the block."""
    (reports, to_report), (ends, to_end) = os.pipe(), os.pipe()
    processes = []
    for _ in range(CHILDREN):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of Python 3.12, about threads of other tests
            process = os.fork()
        if not process:
            try:
                os.close(to_end)
                os.write(to_report, f"{report()}\n".encode())
                os.read(ends, 1)
            finally:
                os._exit(0)
        processes.append(process)
    os.close(to_report)
    try:
        with os.fdopen(reports) as lines:
            yield [int(lines.readline() or 0) for _ in range(CHILDREN)]  # 0 of one that failed
    finally:
        os.close(to_end)
        os.close(ends)
        for process in processes:
            os.waitpid(process, 0)


@pytest.mark.parametrize("driver", ["psycopg2", "psycopg"])
def test_no_synchronous_connection_is_used_by_two_processes(driver: str, database_url: str) -> None:
    database = Database(make_url(database_url).set(drivername=f"postgresql+{driver}"))

    def server_process() -> int:
        with database.sync_engine.connect() as connection:
            return connection.scalar(SERVER_PROCESS) or 0

    own = server_process()
    with children(server_process) as others:
        assert len({own, *others}) == 1 + CHILDREN
        assert server_process() == own
    assert server_process() == own, "it outlives the children"
    database.sync_engine.dispose()


@pytest.mark.parametrize("driver", ["asyncpg", "psycopg"])
def test_no_asynchronous_connection_is_used_by_two_processes(driver: str, database_url: str) -> None:
    database = Database(make_url(database_url).set(drivername=f"postgresql+{driver}"))

    async def server_process() -> int:
        async with database.async_unit_of_work() as session:
            return await session.scalar(SERVER_PROCESS) or 0

    with asyncio.Runner() as runner:
        own = runner.run(server_process())
        with children(lambda: asyncio.run(server_process())) as others:
            assert len({own, *others}) == 1 + CHILDREN
            assert runner.run(server_process()) == own
        assert runner.run(server_process()) == own, "it outlives the children"
        runner.run(database.dispose())


def test_a_database_does_not_live_for_forks_to_come(database_url: str) -> None:
    engine = weakref.ref(Database(database_url).sync_engine)
    gc.collect()
    assert engine() is None
