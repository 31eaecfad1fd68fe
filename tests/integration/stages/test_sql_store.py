"""Stages in a database: what is announced, what is polled, and what becomes of a database that does not answer."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest
from anyio import to_thread
from sqlalchemy import make_url, text

from bridge import ConfigurationError, Database, PoolSettings, SQLStageStore, Stages, StageStoreUnavailable
from tests.integration.faults.network import network
from tests.integration.pgbouncer import needs_pgbouncer, pgbouncer
from tests.integration.server_side import ServerSide, checked_out, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SHOW, LIST = "GET /users/{user_id}", "GET /users"
# What arrives was announced, not polled.
NEVER_S = 3600.0
FOLLOWER = "query LIKE '%FROM bridge_stages%'"


@asynccontextmanager
async def following(store: SQLStageStore, settings: dict[str, str] | None = None) -> AsyncIterator[Stages]:
    stages = Stages(settings, store=store)
    for operation in (SHOW, LIST):
        stages.declare(operation, ported=True)
    await stages.start()
    yield stages
    await stages.close()


@pytest.fixture
async def tables(database_url: str) -> AsyncIterator[Database]:
    """Yield a database with the tables, and an empty pool of one connection."""
    database = Database(database_url, pool=PoolSettings(size=1, overflow=0))
    await SQLStageStore(database).create_tables()
    yield database
    await database.dispose()


async def moved(stages: Stages, setting: str) -> float:
    """Wait until the operation is at *setting*, and return the seconds that it took."""
    began = monotonic()
    await until(lambda: str(stages.get(SHOW)) == setting)
    return monotonic() - began


async def test_a_change_is_announced(tables: Database) -> None:
    store, other = SQLStageStore(tables, poll_listening=NEVER_S), SQLStageStore(tables)
    async with following(store) as stages:
        for setting in ("shadow", "native", "legacy"):
            await other.change(SHOW, setting, who="ada", why="a test", expected=None)
            assert await moved(stages, setting) < 0.5


async def test_a_service_with_a_prefix_of_its_own_hears_of_its_changes(tables: Database) -> None:
    store, other = (SQLStageStore(tables, poll_listening=NEVER_S, prefix="shop_") for _ in range(2))
    await store.create_tables()
    async with following(store) as stages:
        await SQLStageStore(tables).change(SHOW, "shadow", who="bob", why="of another service", expected=None)
        await other.change(SHOW, "native", who="ada", why="a test", expected=0)
        await moved(stages, "native")


@pytest.mark.parametrize("driver", ["psycopg", "asyncpg"])
async def test_a_change_is_announced_whatever_driver_made_it(tables: Database, database_url: str, driver: str) -> None:
    other = Database(make_url(database_url).set(drivername=f"postgresql+{driver}"))
    async with following(SQLStageStore(tables, poll_listening=NEVER_S)) as stages:
        await SQLStageStore(other).change(SHOW, "native", who="ada", why="a test", expected=None)
        await moved(stages, "native")
    await other.dispose()


async def test_a_change_that_is_rolled_back_is_not_announced_and_not_there(
    tables: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failing(*_: Any) -> None:
        raise OSError("lost at the last moment")

    store = SQLStageStore(tables)
    monkeypatch.setattr("bridge.stages.sql.notify", failing)
    with pytest.raises(StageStoreUnavailable, match="lost at the last moment"):
        await store.change(SHOW, "native", who="ada", why="a test", expected=None)
    assert await store.load() == {}
    assert await store.history() == []


async def test_a_row_that_is_changed_by_hand_is_found_by_the_poll(tables: Database) -> None:
    store = SQLStageStore(tables, poll_listening=0.05)
    await store.change(SHOW, "shadow", who="ada", why="a test", expected=None)
    async with following(store) as stages:
        async with tables.async_unit_of_work() as session:
            await session.execute(text("UPDATE bridge_stages SET setting = 'native', version = version + 1"))
        await moved(stages, "native")


async def test_stages_are_followed_and_changed_while_every_pooled_connection_is_taken(tables: Database) -> None:
    """The kill switch is for the day when everything hangs."""
    async with following(SQLStageStore(tables)) as stages, tables.async_unit_of_work() as session:
        await session.execute(text("SELECT 1"))
        assert checked_out(tables) == 1
        other = SQLStageStore(tables)
        await asyncio.wait_for(other.change(SHOW, "native", who="ada", why="a test", expected=None), 5)
        await moved(stages, "native")
        await asyncio.wait_for(stages.change(SHOW, "legacy", who="ada", why="an incident"), 5)


async def test_each_process_holds_one_connection_outside_of_the_pool_and_none_afterwards(
    tables: Database, server: ServerSide
) -> None:
    async with following(SQLStageStore(tables)) as stages:
        await stages.change(SHOW, "native", who="ada", why="a test")
        await stages.history()
        assert checked_out(tables) == 0
        # A process of the server ends a moment after its connection.
        await until(lambda: len(server.connections()) == 1)
    await until(lambda: not server.connections())


async def test_a_follower_leaves_no_transaction_open(tables: Database, server: ServerSide) -> None:
    async with following(SQLStageStore(tables)):
        assert server.connections(f"{FOLLOWER} AND state = 'idle' AND xact_start IS NULL")


async def test_a_connection_that_is_killed_is_replaced_at_once(tables: Database, server: ServerSide) -> None:
    async with following(SQLStageStore(tables, poll_listening=NEVER_S)) as stages:
        (follower,) = server.connections(FOLLOWER)
        server.terminate([follower])
        await SQLStageStore(tables).change(SHOW, "native", who="ada", why="a test", expected=None)
        assert await moved(stages, "native") < 1
        await until(lambda: stages.status().error is None)


async def test_a_database_that_does_not_answer_leaves_the_last_good_stages_and_says_so(
    tables: Database, database_url: str
) -> None:
    await SQLStageStore(tables).change(SHOW, "canary 5 %", who="ada", why="a test", expected=None)
    with network(database_url) as between:
        database = Database(between.url)
        store = SQLStageStore(database, poll_listening=0.05, timeout=0.3)
        async with following(store) as stages:
            await to_thread.run_sync(between.stall)
            await until(lambda: stages.status().error)
            assert "has not answered within 0.3 s" in str(stages.status().error)
            assert str(stages.get(SHOW)) == "canary 5 %"
            began = monotonic()
            with pytest.raises(StageStoreUnavailable, match="check that the server runs"):
                await stages.change(SHOW, "legacy", who="ada", why="an incident")
            assert monotonic() - began < 5
            await to_thread.run_sync(between.flow)
            await until(lambda: stages.status().error is None)
            await SQLStageStore(tables).change(SHOW, "native", who="ada", why="a test", expected=None)
            await moved(stages, "native")
        await database.dispose()


async def test_tables_that_are_missing_are_named_and_followed_once_they_are_there(database_url: str) -> None:
    database = Database(database_url)
    store = SQLStageStore(database)
    async with following(store, {SHOW: "native"}) as stages:
        error = str(stages.status().error)
        assert 'relation "bridge_stages" does not exist' in error
        assert "create_tables() was called once" in error
        assert str(stages.get(SHOW)) == "legacy"
        await store.create_tables()
        await moved(stages, "native")
    await database.dispose()


async def test_several_processes_may_create_the_tables_at_once_and_again(database_url: str) -> None:
    database = Database(database_url)
    await asyncio.gather(*(SQLStageStore(database).create_tables() for _ in range(8)))
    store = SQLStageStore(database)
    await store.change(SHOW, "native", who="ada", why="a test", expected=None)
    await store.create_tables()
    assert len(await store.load()) == 1
    assert sorted(store.metadata.tables) == ["bridge_stage_changes", "bridge_stages"]
    await database.dispose()


async def test_an_error_names_the_reason_but_no_password() -> None:
    database = Database("postgresql://ada:hunter22@127.0.0.1:1/shop")
    async with following(SQLStageStore(database)) as stages:
        said = f"{stages.status()} {stages.status().error}"
    assert "127.0.0.1" in said
    assert "hunter22" not in said


@needs_pgbouncer
@pytest.mark.parametrize("declared", [True, None])
async def test_behind_a_transaction_pooler_stages_are_polled(
    declared: bool | None, tables: Database, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pgbouncer(database_url) as url:
        database = Database(url, pool=PoolSettings(transaction_pooler=declared))
        async with following(SQLStageStore(database, poll_listening=NEVER_S)) as stages:
            await SQLStageStore(tables).change(SHOW, "native", who="ada", why="a test", expected=None)
            assert await moved(stages, "native") < 1
        await database.dispose()
    warned = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert ["stages are polled" in record.message for record in warned] == ([True] if declared is None else [])


@needs_pgbouncer
async def test_behind_a_session_pooler_changes_are_announced(tables: Database, database_url: str) -> None:
    with pgbouncer(database_url, pool_mode="session") as url:
        database = Database(url, pool=PoolSettings(transaction_pooler=False))
        async with following(SQLStageStore(database, poll_every=NEVER_S, poll_listening=NEVER_S)) as stages:
            await SQLStageStore(tables).change(SHOW, "native", who="ada", why="a test", expected=None)
            assert await moved(stages, "native") < 1
        await database.dispose()


@pytest.mark.parametrize("option", ["poll_every", "poll_listening", "timeout"])
def test_a_time_that_is_none_is_refused(option: str) -> None:
    options: dict[str, Any] = {option: 0.0}
    with pytest.raises(ConfigurationError, match="each has to be more than 0 seconds"):
        SQLStageStore(Database("postgresql://unused/unused"), **options)


async def test_changes_that_a_serializable_database_undoes_are_tried_again(tables: Database, database_url: str) -> None:
    name = make_url(database_url).database
    await to_thread.run_sync(
        ServerSide(database_url).run, f'ALTER DATABASE "{name}" SET default_transaction_isolation = serializable'
    )
    operators = [SQLStageStore(tables) for _ in range(6)]
    changes = [store.change(SHOW, "native", who="ada", why="a test", expected=None) for store in operators]
    made = await asyncio.gather(*changes)
    assert sorted(change.version for change in made) == [1, 2, 3, 4, 5, 6]
