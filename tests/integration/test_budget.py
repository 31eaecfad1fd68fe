"""The connections of all processes are reckoned against a real server's limits when the application starts."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from anyio import to_thread
from sqlalchemy import make_url

from async_app.app import compose
from bridge import BudgetExceeded, Database, Deployment, PgBouncerLimits, PoolSettings
from tests.conftest import settings_for
from tests.docs.pages import blocks
from tests.integration.test_start_up import Lifespan

if TYPE_CHECKING:
    from tests.integration.server_side import ServerSide


async def test_the_limits_are_the_servers(database_url: str, server: ServerSide) -> None:
    ((most, superusers),) = server.rows(
        "SELECT current_setting('max_connections')::int, current_setting('superuser_reserved_connections')::int"
    )
    database = Database(database_url)
    limits = (await to_thread.run_sync(database.budget)).server
    assert limits is not None
    assert (limits.max_connections, limits.reserved, limits.narrower) == (most, superusers, None)
    await database.dispose()


async def test_a_limit_of_the_database_counts(database_url: str, server: ServerSide) -> None:
    server.run(f'ALTER DATABASE "{make_url(database_url).database}" CONNECTION LIMIT 20')
    database = Database(database_url)
    with pytest.raises(BudgetExceeded, match="may need 31 connections, and the server leaves 20"):
        await to_thread.run_sync(database.check)
    await database.dispose()


@pytest.mark.parametrize(
    ("workers", "level", "said"),
    [
        (1, logging.INFO, "connections at most, 32% of the limit:"),
        (3, logging.WARNING, "96% of the limit, which is close:"),
    ],
)
async def test_the_reckoning_is_logged(
    workers: int, level: int, said: str, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    database = Database(database_url, deployment=Deployment(workers=workers))
    with caplog.at_level(logging.INFO, "bridge.database"):
        await to_thread.run_sync(database.check)
    (record,) = [record for record in caplog.records if record.name == "bridge.database"]
    assert record.levelno == level
    assert said in record.getMessage()
    assert f"synchronous pool, 15 x {workers} workers x 1 hosts" in record.getMessage()
    await database.dispose()


async def test_an_application_that_does_not_fit_does_not_start(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", "4")
    lifespan = Lifespan((await to_thread.run_sync(compose, settings_for("native", database_url))).app)
    with pytest.raises(BudgetExceeded):
        await lifespan.run()
    assert lifespan.sent[0]["type"] == "lifespan.startup.failed"
    assert "may need 124 connections, and the server leaves 97" in lifespan.sent[0]["message"]


async def test_a_smaller_pool_makes_it_fit(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", "4")
    settings = replace(settings_for("native", database_url), pool=PoolSettings(size=5, overflow=6))
    lifespan = Lifespan((await to_thread.run_sync(compose, settings)).app)
    await lifespan.run()
    assert lifespan.sent[0]["type"] == "lifespan.startup.complete"


async def test_a_file_has_no_limit(tmp_path: object, caplog: pytest.LogCaptureFixture) -> None:
    database = await to_thread.run_sync(
        lambda: Database(f"sqlite:///{tmp_path}/file.db", deployment=Deployment(workers=99))
    )
    with caplog.at_level(logging.INFO, "bridge.database"):
        await to_thread.run_sync(database.check)
    assert caplog.records == []
    await database.dispose()


async def test_the_guides_reckoning_is_what_the_program_says(database_url: str) -> None:
    deployment = Deployment(workers=2, hosts=3, reserve=10)
    database = Database(database_url, pool=PoolSettings(size=5, overflow=5), deployment=deployment)
    budget = await to_thread.run_sync(database.budget)
    assert blocks("docs/how-to/plan-connections.md", "text") == [f"{budget}\n"]
    await database.dispose()


def test_the_guides_limits_of_two_pgbouncers() -> None:
    limits = PgBouncerLimits(default_pool_size=20, max_client_conn=1000, instances=2)
    pooled = Deployment(workers=4, hosts=3, pgbouncer=limits)
    assert (limits.clients, limits.to_server, pooled.processes) == (2000, 40, 12)
