"""Cancelled statements on the event loop, where no server is needed."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import create_async_engine

from bridge import Database
from bridge.database import make_async_stoppable
from tests.unit.offload.calls import until

if TYPE_CHECKING:
    from pathlib import Path

ENDLESS = text("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(mark(x)) FROM n")


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(f"sqlite:///{tmp_path}/test.db")


@pytest.mark.parametrize("mechanism", ["task", "scope"])
async def test_a_statement_of_sqlite_is_interrupted(mechanism: str, database: Database) -> None:
    running = threading.Event()
    scope = anyio.CancelScope()

    def connect(connection: Any, _record: object) -> None:
        connection.create_function("mark", 1, lambda _value: running.set())

    async def read(statement: Any) -> Any:
        async with database.async_sessions() as session:
            return await session.scalar(statement)

    async def endless() -> None:
        with scope:
            await read(ENDLESS)

    event.listen(database.async_engine.sync_engine, "connect", connect)
    try:
        task = asyncio.create_task(endless())
        await until(running)
        (scope if mechanism == "scope" else task).cancel()
        with anyio.fail_after(5):
            await asyncio.wait([task])
            assert await read(text("SELECT 7")) == 7
    finally:
        await database.dispose()


async def test_a_driver_that_is_not_known_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = create_async_engine("sqlite+aiosqlite:///file.db")
    monkeypatch.setattr(engine.dialect, "driver", "another")
    make_async_stoppable(engine)
    assert not engine.dialect.dispatch.handle_error
