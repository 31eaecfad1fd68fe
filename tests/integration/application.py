"""A small migration, for what the example application has no operation for."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
from anyio import to_thread
from fastapi import FastAPI
from flask import Flask

from bridge import Bridge, BridgeRouter, Database, PoolSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

ONE = PoolSettings(size=1, overflow=0)


@dataclass(frozen=True)
class Migration:
    """Both applications and what connects them; one connection and one token, so that every call shares a thread."""

    legacy: Flask
    app: FastAPI
    bridge: Bridge
    router: BridgeRouter


def build(url: str, declare: Callable[[Migration], None], **options: Any) -> Migration:
    legacy, app = Flask("legacy"), FastAPI()
    bridge = Bridge(database=Database(url, pool=ONE), legacy=legacy, **options)
    migration = Migration(legacy, app, bridge, bridge.router())
    declare(migration)
    app.include_router(migration.router)
    bridge.install(app)
    return migration


@asynccontextmanager
async def migrating(
    url: str, declare: Callable[[Migration], None], *, raising: bool = False, **options: Any
) -> AsyncIterator[tuple[Migration, httpx.AsyncClient]]:
    """Build the migration and reach it through ASGI; *raising* lets exceptions of the application reach the test."""
    migration = await to_thread.run_sync(lambda: build(url, declare, **options))
    migration.legacy.config["PROPAGATE_EXCEPTIONS"] = raising
    transport = httpx.ASGITransport(migration.app, raise_app_exceptions=raising)
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            yield migration, client
    finally:
        await migration.bridge.close()
