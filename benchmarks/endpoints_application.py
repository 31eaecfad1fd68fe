"""Three operations on PostgreSQL, and the ways to serve the same synchronous session code."""

import os
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, Any

import asyncpg
from anyio import CapacityLimiter, to_thread
from fastapi import Depends, FastAPI, Response
from flask import Flask, request
from pydantic import BaseModel, ConfigDict, TypeAdapter
from sqlalchemy import create_engine, make_url, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, sessionmaker

from async_app.native.user_queries import user_stats as native_user_stats
from async_app.schemas import UserPostCountRead, UserRead
from bridge import Bridge, Database, PoolSettings
from legacy_sync.models import Post, User
from legacy_sync.schemas import StatsQuery
from legacy_sync.services.user_stats import UserPostCount, user_stats

CONNECTIONS = 10
POOL = PoolSettings(size=CONNECTIONS, overflow=0)

SELECT_USER = """
SELECT id, public_id, username, email, role, is_active, balance, version, created_at, last_seen_at FROM users WHERE id = $1
"""
SELECT_STATS = """
SELECT users.id AS user_id, username, coalesce(post_count, 0) AS post_count
FROM users LEFT JOIN (SELECT author_id, count(id) AS post_count FROM posts GROUP BY author_id) AS counts ON author_id = users.id
WHERE is_active ORDER BY coalesce(post_count, 0) DESC, users.id LIMIT $1
"""
INSERT_POST = """
INSERT INTO posts (author_id, title, body, status, meta) VALUES (1, $1, '', 'draft', '{}') RETURNING id, title
"""


class PostWrite(BaseModel):
    """What an insert sends."""

    title: str


class PostWritten(BaseModel):
    """What an insert answers."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    title: str


def get_user(session: Session, user_id: int) -> User:
    """Load one row by key."""
    return session.scalars(select(User).where(User.id == user_id)).one()


def list_stats(session: Session, limit: int = 20) -> list[UserPostCount]:
    """Run an aggregate over two tables."""
    return user_stats(session, StatsQuery(limit=limit))


def insert_post(session: Session, payload: PostWrite) -> Post:
    """Insert one row."""
    post = Post(author_id=1, title=payload.title, body="")
    session.add(post)
    session.flush()
    return post


async def native_get_user(session: AsyncSession, user_id: int) -> User:
    """Load one row by key."""
    return (await session.scalars(select(User).where(User.id == user_id))).one()


async def native_list_stats(session: AsyncSession, limit: int = 20) -> list[UserPostCount]:
    """Run an aggregate over two tables."""
    return await native_user_stats(session, StatsQuery(limit=limit))


async def native_insert_post(session: AsyncSession, payload: PostWrite) -> Post:
    """Insert one row."""
    post = Post(author_id=1, title=payload.title, body="")
    session.add(post)
    await session.flush()
    return post


def database() -> Database:
    """Return the database of the benchmark."""
    return Database(os.environ["BENCHMARK_DATABASE_URL"], pool=POOL)


def original_sessions() -> sessionmaker[Session]:
    """Return sessions on an engine as the existing application makes it, with a pool of the same size."""
    url = os.environ["BENCHMARK_DATABASE_URL"]
    return sessionmaker(create_engine(url, pool_size=CONNECTIONS, max_overflow=0, pool_pre_ping=True))


def _bridge_application(default_stage: str, *, read_only_gets: bool = False, facade: bool = False) -> FastAPI:
    bridge = Bridge(database=database(), legacy=Flask("nothing"), default_stage=default_stage)
    router = bridge.router(follow_flask=False, read_only_gets=read_only_gets)
    router.get("/users/{user_id}", legacy=get_user, response_model=UserRead)(native_get_user)
    router.get("/stats", legacy=list_stats, response_model=list[UserPostCountRead])(native_list_stats)
    router.post("/posts", legacy=insert_post, response_model=PostWritten)(native_insert_post)
    app = FastAPI()
    app.include_router(router)
    if facade:
        bridge.install(app)
    return app


def bridged() -> FastAPI:
    """Return the operations on the bridged path."""
    return _bridge_application("legacy")


def native() -> FastAPI:
    """Return the operations on the native path."""
    return _bridge_application("native")


def native_behind_facade() -> FastAPI:
    """Return the same, behind the facade that chooses the path."""
    return _bridge_application("native", facade=True)


def bridged_read_only() -> FastAPI:
    """Return the operations on the bridged path, with every GET a read-only unit of work."""
    return _bridge_application("legacy", read_only_gets=True)


def native_read_only() -> FastAPI:
    """Return the operations on the native path, with every GET a read-only unit of work."""
    return _bridge_application("native", read_only_gets=True)


def raw_asyncpg() -> FastAPI:
    """Return the operations as hand-written SQL on a pool of asyncpg's own, validated and written by Pydantic alone."""
    pools: list[asyncpg.Pool] = []
    user, stats, post = (TypeAdapter[Any](model) for model in (UserRead, list[UserPostCountRead], PostWritten))

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None, None]:
        url = make_url(os.environ["BENCHMARK_DATABASE_URL"]).set(drivername="postgresql")
        dsn = url.render_as_string(hide_password=False)
        async with asyncpg.create_pool(dsn, min_size=CONNECTIONS, max_size=CONNECTIONS) as pool:
            pools.append(pool)
            yield

    app = FastAPI(lifespan=lifespan)

    def written(adapter: TypeAdapter[Any], value: Any) -> Response:
        return Response(adapter.dump_json(adapter.validate_python(value)), media_type="application/json")

    @app.get("/users/{user_id}")
    async def get(user_id: int) -> Response:
        return written(user, dict(await pools[0].fetchrow(SELECT_USER, user_id)))

    @app.get("/stats")
    async def list_users(limit: int = 20) -> Response:
        return written(stats, [dict(row) for row in await pools[0].fetch(SELECT_STATS, limit)])

    @app.post("/posts")
    async def insert(payload: PostWrite) -> Response:
        return written(post, dict(await pools[0].fetchrow(INSERT_POST, payload.title)))

    return app


def fastapi_async() -> FastAPI:
    """Return the read by key as FastAPI's tutorial writes it: an ``async def`` route with a session from a ``yield`` dependency."""
    sessions = database().async_sessions

    async def get_session() -> AsyncGenerator[AsyncSession]:
        async with sessions() as session, session.begin():
            yield session

    app = FastAPI()

    @app.get("/users/{user_id}", response_model=UserRead)
    async def get(user_id: int, session: Annotated[AsyncSession, Depends(get_session, scope="function")]) -> Any:
        return await native_get_user(session, user_id)

    return app


def fastapi_def() -> FastAPI:
    """Return the operations as FastAPI's tutorial writes them: ``def`` routes with a session from a ``yield`` dependency."""
    sessions = original_sessions()

    def get_session() -> Iterator[Session]:
        with sessions() as session, session.begin():
            yield session

    scoped = Annotated[Session, Depends(get_session, scope="function")]
    app = FastAPI()

    @app.get("/users/{user_id}", response_model=UserRead)
    def get(user_id: int, session: scoped) -> Any:
        return get_user(session, user_id)

    @app.get("/stats", response_model=list[UserPostCountRead])
    def stats(session: scoped, limit: int = 20) -> Any:
        return list_stats(session, limit)

    @app.post("/posts", response_model=PostWritten)
    def insert(payload: PostWrite, session: scoped) -> Any:
        return insert_post(session, payload)

    return app


def hand_written() -> FastAPI:
    """Return the operations with everything in one call of ``anyio.to_thread.run_sync``, rendered there."""
    return _hand_written(original_sessions())


def hand_written_on_database() -> FastAPI:
    """Return the same on the engine of `bridge.Database`: what is left is the price of the routes and of the hop."""
    return _hand_written(database().sessions)


def _hand_written(sessions: sessionmaker[Session]) -> FastAPI:
    limiters: list[CapacityLimiter] = []
    adapters = {model: TypeAdapter(model) for model in (UserRead, list[UserPostCountRead], PostWritten)}
    app = FastAPI()

    async def run(model: Any, function: Any, *args: Any) -> Any:
        if not limiters:
            limiters.append(CapacityLimiter(CONNECTIONS))
        return await to_thread.run_sync(partial(_unit, sessions, adapters[model], function, *args), limiter=limiters[0])

    @app.get("/users/{user_id}", response_model=UserRead)
    async def get(user_id: int) -> Any:
        return await run(UserRead, get_user, user_id)

    @app.get("/stats", response_model=list[UserPostCountRead])
    async def stats(limit: int = 20) -> Any:
        return await run(list[UserPostCountRead], list_stats, limit)

    @app.post("/posts", response_model=PostWritten)
    async def insert(payload: PostWrite) -> Any:
        return await run(PostWritten, insert_post, payload)

    return app


def _unit(sessions: sessionmaker[Session], adapter: TypeAdapter[Any], function: Any, *args: Any) -> Any:
    with sessions() as session, session.begin():
        return adapter.validate_python(function(session, *args), from_attributes=True)


def flask() -> Flask:
    """Return the operations as Flask views."""
    sessions = original_sessions()
    app = Flask("benchmark")

    @app.get("/users/<int:user_id>")
    def get(user_id: int) -> Any:
        with sessions() as session, session.begin():
            return UserRead.model_validate(get_user(session, user_id), from_attributes=True).model_dump(mode="json")

    @app.get("/stats")
    def stats() -> Any:
        with sessions() as session, session.begin():
            limit = request.args.get("limit", 20, type=int)
            return [
                UserPostCountRead.model_validate(row, from_attributes=True).model_dump()
                for row in list_stats(session, limit)
            ]

    @app.post("/posts")
    def insert() -> Any:
        with sessions() as session, session.begin():
            post = insert_post(session, PostWrite.model_validate(request.get_json()))
            return PostWritten.model_validate(post).model_dump()

    return app
