"""A migration whose reads are checked, and the checks as they come."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
from anyio import to_thread
from fastapi import FastAPI
from flask import Flask

from bridge import Bridge, BridgeRouter, Database, PoolSettings, StopSettings
from bridge.shadow import CheckSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from bridge.shadow import Check

__all__ = ["EAGER", "Checked", "checked"]

# Checks everything, however busy the machine is: what is tested is what they find.
EAGER = CheckSettings(busy_above=100.0, patience=0.0, per_second=1e6, queue=10_000, max_age=600.0, write_deadline=10.0)


class Checked:
    """Both applications, a client, and what came of the checks."""

    def __init__(self, bridge: Bridge, legacy: Flask, router: BridgeRouter) -> None:
        self.bridge = bridge
        self.legacy = legacy
        self.router = router
        self.checks: list[Check] = []

    async def settled(self) -> list[Check]:
        """Return every check so far, when none runs any more."""
        await self.bridge.checks.settled()
        assert self.bridge.checks.statistics().failed == 0
        return self.checks

    async def only(self) -> Check:
        """Return the one check there was."""
        (check,) = await self.settled()
        return check


@asynccontextmanager
async def checked(
    url: str,
    declare: Callable[[Checked], object],
    *,
    settings: CheckSettings = EAGER,
    stage: str = "shadow",
    stopping: StopSettings | None = None,
    **options: Any,
) -> AsyncIterator[tuple[Checked, httpx.AsyncClient]]:
    """Build a migration at *stage* and reach it through ASGI."""

    def build() -> tuple[Checked, FastAPI]:
        legacy, app = Flask("legacy"), FastAPI()
        database = Database(url, pool=PoolSettings(size=8, overflow=0), stopping=stopping)
        bridge = Bridge(database=database, legacy=legacy, default_stage=stage, checks=settings, **options)
        migration = Checked(bridge, legacy, bridge.router())
        bridge.checks.sinks.append(migration.checks.append)
        declare(migration)
        app.include_router(migration.router)
        bridge.install(app)
        return migration, app

    migration, app = await to_thread.run_sync(build)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            yield migration, client
    finally:
        await migration.bridge.close()
