"""
One operation on its way through the stages, as the demo deploys it.

A factory without arguments, so that the command ``bridge --app async_app.demo.application:create`` finds it as a server does.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any, Final

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession  # noqa: TC002 - FastAPI reads annotations
from sqlalchemy.orm import selectinload

from async_app.app import HOOKS
from async_app.native.lookup import one_user
from async_app.native.user_queries import get_user as fixed
from async_app.schemas import UserDetail
from bridge import (
    Bridge,
    Database,
    Evidence,
    EvidenceSettings,
    FlaskCompat,
    GuardSettings,
    PromotionPolicy,
    Publishing,
    SQLEvidence,
    SQLPublisher,
    SQLStageStore,
    by_header,
)
from legacy_sync import create_app as create_flask_app
from legacy_sync.models import Post, User
from legacy_sync.models.enums import PostStatus
from legacy_sync.services.users import get_user as legacy

__all__ = ["CLIENT_HEADER", "DATABASE_URL", "OPERATION", "PLANTED_BUG", "create"]

OPERATION: Final = "GET /users/{user_id}"
CLIENT_HEADER: Final = "X-Client"
# The variables by which the demo tells a deployment, and the commands beside it, what they are to run.
DATABASE_URL: Final = "DEMO_DATABASE_URL"
PLANTED_BUG: Final = "DEMO_PLANTED_BUG"
# The fault that the demo injects once the port serves everybody: it answers the same, but later.
FAULT_S: Final = 0.3

# Short, so that the demo does not last for hours; the defaults are for production.
POLICY: Final = PromotionPolicy(
    max_mismatch_rate=0.01,
    min_checked=300,
    min_served=300,
    max_error_rate_increase=0.02,
    max_latency_ratio=5.0,
    latency_tolerance=0.1,
)
GUARD: Final = GuardSettings(every=1.0, window=6.0, min_requests=10, breaches=2, hold=60.0, latency_tolerance=0.1)
COUNTING: Final = EvidenceSettings(flush_every=0.5, window=1)


async def planted(session: AsyncSession, user_id: int) -> User:
    """Load a user as the port does, but only with the posts that are published: drafts are lost."""
    published = User.posts.and_(Post.status == PostStatus.PUBLISHED)
    return await one_user(session, user_id, selectinload(published).selectinload(Post.tags))


class Fault:
    """Whether the port is slow."""

    is_on = False


fault = Fault()


async def ported(session: AsyncSession, user_id: int) -> User:
    """Load a user with posts and tags. Raises NotFound."""
    if fault.is_on:
        await asyncio.sleep(FAULT_S)
    return await fixed(session, user_id)


def create() -> FastAPI:
    """Build the application over the database of ``DEMO_DATABASE_URL``, with the planted bug if ``DEMO_PLANTED_BUG`` is set."""
    database = Database(os.environ[DATABASE_URL])
    flask = create_flask_app({"ENGINE": database.sync_engine, "SECRET_KEY": "of the demo"})
    bridge = Bridge(
        database=database,
        legacy=flask,
        store=SQLStageStore(database),
        sticky_by=by_header(CLIENT_HEADER),
        evidence=Evidence(SQLEvidence(database), policy=POLICY, guard=GUARD, settings=COUNTING),
        publishing=Publishing([SQLPublisher(database)]),
        hooks=HOOKS,
    )
    users = bridge.router(prefix="/users", compat=FlaskCompat(flask))
    port = planted if os.environ.get(PLANTED_BUG) else ported
    users.get("/{user_id:flask_int}", legacy=legacy, response_model=UserDetail)(port)
    app = FastAPI()
    app.include_router(users)

    @app.get("/demo")
    def status() -> dict[str, Any]:
        return {"stage": str(bridge.stages.get(OPERATION)), "checks": bridge.checks.statistics().verdicts}

    @app.put("/demo/fault", status_code=204)
    def inject() -> None:
        fault.is_on = True

    bridge.install(app)
    return app
