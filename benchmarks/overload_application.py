"""A statement of 50 ms on a pool of twenty connections, served in three ways, and how late the event loop is meanwhile."""

import asyncio
import os
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from typing import Annotated

from anyio import to_thread
from fastapi import Depends, FastAPI
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from benchmarks.lag import percentile_ms, record_lag
from bridge import Bridge, Database, PoolSettings

CONNECTIONS = 20
STATEMENT_S = 0.05
POOL = PoolSettings(size=CONNECTIONS, overflow=0, timeout=30.0)
STATEMENT = text("SELECT pg_sleep(:seconds)")


def wait(session: Session) -> str:
    """Run the statement."""
    session.execute(STATEMENT, {"seconds": STATEMENT_S})
    return "done"


def database() -> Database:
    """Return the database of the benchmark."""
    return Database(os.environ["BENCHMARK_DATABASE_URL"], pool=POOL)


def application() -> FastAPI:
    """Return an application that tells at ``/lag`` the 99th percentile of its loop's lag since it was last asked, in milliseconds."""
    lags: list[float] = []

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None, None]:
        recorder = asyncio.create_task(record_lag(lags))
        yield
        recorder.cancel()

    app = FastAPI(lifespan=lifespan)

    @app.get("/lag")
    async def lag() -> float:
        found = percentile_ms(lags, 99)
        lags.clear()
        return found

    return app


def bridged(*, read_only: bool = False) -> FastAPI:
    """Return the statement on the bridged path."""
    bridge = Bridge(database=database(), legacy=Flask("nothing"), default_stage="legacy")
    router = bridge.router(follow_flask=False)
    router.get("/wait", response_model=str, read_only=read_only)(wait)
    app = application()
    app.include_router(router)
    return app


def bridged_read_only() -> FastAPI:
    """Return the statement on the bridged path, as a read-only unit of work."""
    return bridged(read_only=True)


def fastapi_def() -> FastAPI:
    """Return the statement in a ``def`` route with a session from a ``yield`` dependency, on FastAPI's forty threads."""
    sessions = database().sessions
    app = application()

    def get_session() -> Iterator[Session]:
        with sessions() as session, session.begin():
            yield session

    @app.get("/wait")
    def route(session: Annotated[Session, Depends(get_session, scope="function")]) -> str:
        return wait(session)

    return app


def hand_written() -> FastAPI:
    """Return the statement in one call of ``anyio.to_thread.run_sync`` with AnyIO's default limiter of forty tokens."""
    sessions = database().sessions
    app = application()

    def unit() -> str:
        with sessions() as session, session.begin():
            return wait(session)

    @app.get("/wait")
    async def route() -> str:
        return await to_thread.run_sync(unit)

    return app
