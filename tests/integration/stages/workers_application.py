"""An application for several workers, whose stages are in a database of their own."""

from __future__ import annotations

import os
from typing import Annotated

from fastapi import Body, FastAPI
from flask import Flask
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession  # noqa: TC002 - the router reads annotations
from sqlalchemy.orm import Session  # noqa: TC002 - as above

from bridge import Bridge, Database, PoolSettings, SQLStageStore

OPERATION = "GET /answer"
SMALL = PoolSettings(size=2, overflow=2)


def create() -> FastAPI:
    """Compose it as each worker does."""
    app, database = FastAPI(), Database(os.environ["DATABASE_URL"], pool=SMALL)
    store = SQLStageStore(Database(os.environ["STORE_URL"], pool=SMALL), timeout=2.0)
    bridge = Bridge(database=database, legacy=Flask("legacy"), store=store)
    router = bridge.router()

    def answer_legacy(session: Session) -> int:
        return int(session.execute(text("SELECT 1")).scalar_one())

    @router.get("/answer", legacy=answer_legacy, replaces=None)
    async def answer(session: AsyncSession) -> int:
        return int((await session.execute(text("SELECT 1"))).scalar_one())

    @app.get("/worker")
    async def worker() -> dict[str, object]:
        status = bridge.stages.status()
        return {"pid": os.getpid(), "error": status.error, "failing": status.failing_since is not None}

    @app.post("/stage")
    async def stage(setting: Annotated[str, Body(embed=True)]) -> int:
        change = await bridge.stages.change(OPERATION, setting, who=f"worker {os.getpid()}", why="a test")
        return change.version

    app.include_router(router)
    bridge.install(app)
    return app
