"""Behind PgBouncer in transaction mode: no error, nothing left on the server, and session state refused."""

from __future__ import annotations

import asyncio
import logging
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from anyio import to_thread
from sqlalchemy import create_engine, make_url, text

from bridge import (
    BudgetExceeded,
    Database,
    DatabaseUnreachable,
    Deployment,
    PgBouncerLimits,
    PoolSettings,
    SessionStateRefused,
)
from tests.conftest import ROOT, running, settings_for
from tests.integration.pgbouncer import needs_pgbouncer, pgbouncer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection

    from tests.integration.server_side import ServerSide

pytestmark = needs_pgbouncer

SERVER_CONNECTIONS = 4
POOLED = PoolSettings(size=2, overflow=0, transaction_pooler=True)


@pytest.fixture
def pooled_url(database_url: str) -> Iterator[str]:
    with pgbouncer(database_url, default_pool_size=SERVER_CONNECTIONS, max_client_conn=200) as url:
        yield url


async def run_clients(url: str, *, declared: bool, requests: int) -> int:
    """Run two client processes, each with that many requests per engine, and return how many were answered rightly."""
    command = [sys.executable, "-m", "tests.integration.pooler_client", url, "yes" if declared else "no", str(requests)]
    clients = [
        await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
        for _ in range(2)
    ]
    outputs = await asyncio.gather(*(client.communicate() for client in clients))
    assert [client.returncode for client in clients] == [0, 0]
    return sum(int(output) for output, _ in outputs)


def prepared_statements(url: str) -> list[tuple[int, str]]:
    """Look into every connection of PgBouncer to the server: held open at once, they are all of them."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg2"), pool_size=SERVER_CONNECTIONS)
    held: list[Connection] = [engine.connect() for _ in range(SERVER_CONNECTIONS)]
    pids = {connection.scalar(text("SELECT pg_backend_pid()")) for connection in held}
    assert len(pids) == SERVER_CONNECTIONS
    found = [
        (connection.scalar(text("SELECT pg_backend_pid()")), name)
        for connection in held
        for name in connection.scalars(text("SELECT name FROM pg_prepared_statements"))
    ]
    for connection in held:
        connection.close()
    engine.dispose()
    return found


async def test_two_processes_make_thousands_of_requests_without_an_error_or_a_statement_left(pooled_url: str) -> None:
    assert await run_clients(pooled_url, declared=True, requests=600) == 2 * 2 * 600
    assert await to_thread.run_sync(prepared_statements, pooled_url) == []


async def test_without_the_setting_requests_fail_and_statements_are_left(pooled_url: str) -> None:
    assert await run_clients(pooled_url, declared=False, requests=100) < 2 * 2 * 100
    assert await to_thread.run_sync(prepared_statements, pooled_url) != []


async def test_a_table_that_is_altered_is_seen_as_it_is(pooled_url: str, server: ServerSide) -> None:
    """What SQLAlchemy kept of a statement would have the columns of before."""
    database = Database(pooled_url, pool=PoolSettings(size=1, overflow=0, transaction_pooler=True))
    for added, ddl in ((False, "ALTER TABLE tags ADD COLUMN added int"), (True, "ALTER TABLE tags DROP COLUMN added")):
        async with database.async_unit_of_work() as session:
            await session.scalar(text("SELECT 1"))
            row = (await session.execute(text("SELECT * FROM tags WHERE id = :id"), {"id": 1})).one()
        assert hasattr(row, "added") is added
        server.run(ddl)
    await database.dispose()


@pytest.mark.parametrize(
    "statement",
    [
        "SET work_mem = '8MB'",
        "SELECT set_config('app.tenant', '7', false)",
        "CREATE TEMPORARY TABLE leaked (id int)",
        "SELECT pg_advisory_lock(1)",
        "LISTEN leaked",
    ],
)
async def test_session_state_is_refused_on_both_engines(statement: str, pooled_url: str) -> None:
    database = Database(pooled_url, pool=POOLED)

    def sync() -> None:
        with pytest.raises(SessionStateRefused, match=r"would leave .* SET LOCAL"), database.unit_of_work() as session:
            session.execute(text(statement))
        with database.unit_of_work() as session:
            session.execute(text("SET LOCAL work_mem = '8MB'"))

    await to_thread.run_sync(sync)
    with pytest.raises(SessionStateRefused, match=r"would leave .* SET LOCAL"):
        async with database.async_unit_of_work() as session:
            await session.execute(text(statement))
    await database.dispose()


async def test_session_state_would_reach_another_client(pooled_url: str) -> None:
    """What the refusal is for."""
    careless = Database(
        pooled_url, pool=PoolSettings(size=1, overflow=0, transaction_pooler=True, session_state="keep")
    )
    async with careless.async_unit_of_work() as session:
        await session.execute(text("SET work_mem = '7MB'"))
    other = Database(pooled_url, pool=POOLED)
    async with other.async_unit_of_work() as session:
        assert await session.scalar(text("SHOW work_mem")) == "7MB"
    await careless.dispose()
    await other.dispose()


async def test_an_undeclared_pooler_is_noticed_at_start_up(
    pooled_url: str, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    for url, setting, noticed in ((pooled_url, None, True), (pooled_url, False, False), (database_url, None, False)):
        caplog.clear()
        database = Database(url, pool=PoolSettings(transaction_pooler=setting))
        await to_thread.run_sync(database.check)
        assert ("a connection pooler answers" in caplog.text) is noticed
        await database.dispose()


async def test_the_limits_are_read_from_the_admin_console(pooled_url: str) -> None:
    database = Database(pooled_url, pool=POOLED, deployment=Deployment(workers=3))
    budget = await to_thread.run_sync(database.budget)
    assert budget.pgbouncer == PgBouncerLimits(default_pool_size=SERVER_CONNECTIONS, max_client_conn=200)
    assert [(account.limit_name, account.needed, account.limit) for account in budget.accounts] == [
        ("PgBouncer", 12, 200),
        ("the server", 7, 97),
    ]
    await database.dispose()


async def test_limits_given_by_hand_count_before_those_that_were_read(pooled_url: str) -> None:
    deployment = Deployment(workers=3, pgbouncer=PgBouncerLimits(max_client_conn=10))
    database = Database(pooled_url, pool=POOLED, deployment=deployment)
    with pytest.raises(BudgetExceeded, match="may need 12 connections, and PgBouncer leaves 10"):
        await to_thread.run_sync(database.check)
    await database.dispose()


async def test_limits_that_nobody_shows_are_unknown_and_not_held_against_the_server(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pgbouncer(database_url, stats_users="somebody_else", max_client_conn=200) as url:
        database = Database(url, pool=POOLED, deployment=Deployment(workers=100))
        with caplog.at_level(logging.INFO, "bridge.database"):
            await to_thread.run_sync(database.check)
        await database.dispose()
    assert "against limits that are not known" in caplog.text
    assert "PgBouncer's limits" in caplog.text


async def test_a_start_up_parameter_that_pgbouncer_does_not_know_is_named(pooled_url: str) -> None:
    database = Database(pooled_url, pool=POOLED, connect_args={"options": "-c search_path=public"})
    with pytest.raises(DatabaseUnreachable, match="unsupported startup parameter"):
        await to_thread.run_sync(database.check)


async def test_a_start_up_parameter_that_pgbouncer_ignores_has_no_effect(database_url: str) -> None:
    with pgbouncer(database_url, ignore_startup_parameters="options") as url:
        database = Database(url, pool=POOLED, connect_args={"options": "-c work_mem=7MB"})

        def work_mem() -> str | None:
            with database.unit_of_work() as session:
                shown: str | None = session.scalar(text("SHOW work_mem"))
                return shown

        assert await to_thread.run_sync(work_mem) == "4MB"
        await database.dispose()


@pytest.mark.parametrize("path", ["flask", "bridged", "native"])
async def test_the_whole_application_works_behind_it(path: str, pooled_url: str) -> None:
    settings = replace(settings_for(path, pooled_url), pool=POOLED)
    async with running(settings) as (_, client):
        for number in range(30):
            assert (await client.get(f"/users/{number % 5 + 1}")).status_code == 200
            account = {"username": f"new_{number}", "email": f"new_{number}@example.com", "password": "long enough"}
            assert (await client.post("/users", json=account)).status_code == 201


async def test_the_guides_database_works(pooled_url: str) -> None:
    database = Database(pooled_url, pool=PoolSettings(transaction_pooler=True))
    await to_thread.run_sync(database.check)
    await database.dispose()
