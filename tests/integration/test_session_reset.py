"""What one unit of work leaves in its session, the next on the same connection does not find."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from anyio import to_thread
from sqlalchemy import event, func, select, text

from tests.integration.one_connection import ENGINES, one_connection
from tests.integration.server_side import ServerSide, assert_nothing_leaked

if TYPE_CHECKING:
    from pathlib import Path

# What a statement leaves, and the query that finds it.
LEAKS = {
    "setting": ("SET work_mem = '7MB'", "SELECT current_setting('work_mem') = '7MB'"),
    "set_config": (
        "SELECT set_config('app.tenant', '7', false)",
        "SELECT coalesce(current_setting('app.tenant', true), '') = '7'",
    ),
    "role": ("SET ROLE pg_monitor", "SELECT current_user = 'pg_monitor'"),
    "authorisation": ("SET SESSION AUTHORIZATION pg_monitor", "SELECT session_user = 'pg_monitor'"),
    "temporary table": ("CREATE TEMP TABLE leaked (id int)", "SELECT to_regclass('leaked') IS NOT NULL"),
    "lock": ("SELECT pg_advisory_lock(7)", "SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'advisory' AND granted"),
    "channel": ("LISTEN leaked", "SELECT count(*) > 0 FROM pg_listening_channels()"),
    "prepared": ("PREPARE leaked AS SELECT 1", "SELECT count(*) > 0 FROM pg_prepared_statements WHERE from_sql"),
    "cursor": (
        "DECLARE leaked CURSOR WITH HOLD FOR SELECT 1",
        "SELECT count(*) > 0 FROM pg_cursors WHERE name = 'leaked'",
    ),
    "block": ("DO $$ BEGIN SET work_mem = '7MB'; END $$", "SELECT current_setting('work_mem') = '7MB'"),
}
KINDS = pytest.mark.parametrize(("statement", "found"), LEAKS.values(), ids=LEAKS)
PID = "SELECT pg_backend_pid()"


@ENGINES
@KINDS
async def test_nothing_is_found_by_the_next(engine: str, statement: str, found: str, database_url: str) -> None:
    async with one_connection(database_url, engine) as one:
        for _ in range(3):  # the first replaces the connection, the others reset it
            await one.execute(statement)
            assert await one.scalar(found) is False


@ENGINES
@KINDS
async def test_each_would_be_found_without(engine: str, statement: str, found: str, database_url: str) -> None:
    async with one_connection(database_url, engine, session_state="keep") as one:
        await one.execute(statement)
        assert await one.scalar(found) is True


@ENGINES
async def test_a_connection_is_replaced_once_and_reset_from_then_on(engine: str, database_url: str) -> None:
    async with one_connection(database_url, engine) as one:
        pids = []
        for _ in range(4):
            pids.append(await one.scalar(PID))
            await one.execute("SET work_mem = '7MB'")
        assert pids[0] != pids[1]
        assert pids[1] == pids[2] == pids[3]


@ENGINES
async def test_what_listeners_have_set_up_survives_the_reset(engine: str, database_url: str) -> None:
    async with one_connection(database_url, engine) as one:

        @event.listens_for(one.engine, "connect")
        def set_up(connection: Any, _record: object) -> None:
            cursor = connection.cursor()
            cursor.execute("SET work_mem = '5MB'")
            cursor.execute('SET search_path = "it\'s", public')
            cursor.execute("SET ROLE pg_monitor")
            cursor.close()
            connection.commit()

        for _ in range(3):
            await one.execute("RESET ROLE", "SET work_mem = '7MB'", "SET search_path = nowhere")
            assert await one.scalar("SHOW work_mem") == "5MB"
            assert await one.scalar("SHOW search_path") == '"it\'s", public'
            assert await one.scalar("SELECT current_user") == "pg_monitor"


@ENGINES
@pytest.mark.parametrize(("policy", "last"), [("keep", "COMMIT"), ("reset", "COMMIT"), ("always", "CLOSE ALL")])
async def test_a_unit_of_work_that_leaves_nothing_costs_no_statement(
    policy: str, last: str, engine: str, database_url: str, server: ServerSide
) -> None:
    """The server shows the last statement of each connection."""
    async with one_connection(database_url, engine, session_state=policy) as one:
        for statement in ("SELECT 1", "UPDATE users SET username = 'SET x' WHERE id = 1", "SET LOCAL work_mem = '7MB'"):
            await one.execute(statement)
            ((query,),) = server.rows(
                "SELECT query FROM pg_stat_activity WHERE pid = ANY(:pids)", pids=server.connections()
            )
            assert query.startswith(last)


@ENGINES
async def test_state_that_a_function_leaves_is_only_taken_back_by_always(engine: str, database_url: str) -> None:
    hidden = (
        "CREATE FUNCTION hide() RETURNS void LANGUAGE plpgsql AS $$ BEGIN SET work_mem = '7MB'; END $$",
        "SELECT hide()::text",
    )
    for policy, shown in (("reset", "7MB"), ("always", "4MB")):
        async with one_connection(database_url, engine, session_state=policy) as one:
            if policy == "reset":
                await one.execute(hidden[0])
            await one.execute(hidden[1])
            assert await one.scalar("SHOW work_mem") == shown


@ENGINES
async def test_set_config_for_the_transaction_only_leaves_nothing(engine: str, database_url: str) -> None:
    async with one_connection(database_url, engine) as one:
        before = await one.scalar(PID)
        await one.run(lambda session: session.scalar(select(func.set_config("app.tenant", "7", True))))  # noqa: FBT003  SQL has no keywords
        assert await one.scalar(PID) == before, "neither replaced nor reset"
        await one.run(lambda session: session.scalar(select(func.set_config("app.tenant", "7", False))))  # noqa: FBT003  SQL has no keywords
        assert await one.scalar(PID) != before


@ENGINES
async def test_a_unit_of_work_that_fails_is_reset_too(engine: str, database_url: str, server: ServerSide) -> None:
    async with one_connection(database_url, engine) as one:
        for _ in range(2):
            with pytest.raises(Exception, match="division by zero"):
                await one.scalar("SELECT pg_advisory_lock(7)", "SELECT 1/0")
            await assert_nothing_leaked(one.database, server)
            assert server.rows("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'") == []


async def test_asyncpgs_prepared_statements_survive_the_reset(database_url: str) -> None:
    async with one_connection(database_url, "async") as one:
        await one.execute("SET work_mem = '7MB'")
        prepared = "SELECT count(*) FROM pg_prepared_statements WHERE NOT from_sql"
        await one.scalar(prepared)
        before = await one.scalar(prepared)
        await one.execute("SET work_mem = '7MB'")
        await one.execute("PREPARE leaked AS SELECT 1")
        assert await one.scalar(prepared) >= before > 0


async def test_a_reset_that_fails_replaces_the_connection(
    database_url: str, server: ServerSide, caplog: pytest.LogCaptureFixture
) -> None:
    async with one_connection(database_url, "sync") as one:
        await one.execute("SET work_mem = '7MB'")
        await one.scalar(PID)

        def die() -> None:
            with one.database.unit_of_work() as session:
                session.execute(text("SET work_mem = '7MB'"))
                session.commit()
                connection = session.connection()
                server.terminate([connection.scalar(text(PID))])

        with pytest.raises(Exception, match="terminat"):
            await to_thread.run_sync(die)
        assert await one.scalar("SHOW work_mem") == "4MB"


@ENGINES
async def test_sqlite_replaces_the_connection(engine: str, tmp_path: Path) -> None:
    async with one_connection(f"sqlite:///{tmp_path / 'file.db'}", engine) as one:
        for statement in ("PRAGMA cache_size = 77", "CREATE TEMP TABLE leaked (id int)"):
            await one.execute(statement)
            assert await one.scalar("PRAGMA cache_size") != 77
            assert await one.scalar("SELECT count(*) FROM sqlite_temp_master") == 0
            assert await one.scalar("PRAGMA foreign_keys") == 1
