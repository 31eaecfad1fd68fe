"""A transaction that cannot begin is one caller's trouble."""

from __future__ import annotations

import pytest
from sqlalchemy import bindparam, text
from sqlalchemy.exc import DataError, InternalError, ProgrammingError

from bridge import Database, PoolSettings


async def test_a_transaction_that_cannot_begin_spoils_no_other(database_url: str) -> None:
    database = Database(database_url, pool=PoolSettings(size=1, overflow=0), isolation_level="REPEATABLE READ")
    async with database.async_engine.connect() as connection:
        # asyncpg leaves the end of this open, so that BEGIN with an isolation level comes too late.
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        await driver.prepare("SELECT 6")
        with pytest.raises(InternalError, match="must be called before any query"):
            await connection.execute(text("SELECT 7"))
    async with database.async_engine.connect() as connection:
        assert await connection.scalar(text("SELECT 8")) == 8
    await database.dispose()


async def test_an_error_within_a_transaction_keeps_the_connection(database_url: str) -> None:
    database = Database(database_url, pool=PoolSettings(size=1, overflow=0))
    pids = []
    for _ in range(2):
        async with database.async_engine.connect() as connection:
            pids.append(await connection.scalar(text("SELECT pg_backend_pid()")))
            with pytest.raises(DataError):
                await connection.execute(text("SELECT 1 / 0"))
        async with database.async_engine.connect() as connection:
            with pytest.raises(DataError):
                await connection.execute(text("SELECT 1 / 0"))
        async with database.async_engine.connect() as connection:
            with pytest.raises(ProgrammingError):  # while its parameter is looked up, before the transaction begins
                await connection.execute(text("SELECT :p FROM nothing").bindparams(bindparam("p", "x", type_=None)))
    assert len(set(pids)) == 1
    await database.dispose()
