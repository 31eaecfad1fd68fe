"""The three classic failures of a port: how each shows without the bridge, and how the bridge answers it."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.exc import MissingGreenlet
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession

from bridge import Bridge, BridgeRouter, Database, LazyLoadOutsideSession, PoolSettings
from docs.examples.shop import Item, create_flask_app
from docs.examples.shop_schemas import ItemRead
from tests.docs.shop import client_of

ONE_CONNECTION = PoolSettings(size=1, overflow=0, timeout=0.2)


def shop_at(url: str) -> tuple[FastAPI, Bridge, BridgeRouter]:
    """Build the shop, with errors raised instead of answered by a 500."""
    database = Database(url, pool=ONE_CONNECTION)
    flask = create_flask_app(database.sync_engine)
    flask.testing = True
    bridge = Bridge(database=database, legacy=flask)
    return FastAPI(), bridge, bridge.router()


async def forgetful_create(session: AsyncSession) -> Item:
    item = Item(name="Kanne", price=Decimal(25), listed_at=datetime.now(UTC))
    session.add(item)
    await session.flush()
    session.refresh(item)  # type: ignore[unused-coroutine]  # the mistake
    return item


async def lazy_get(session: AsyncSession) -> Item:
    return (await session.scalars(select(Item).where(Item.id == 1))).one()


async def test_forgetting_to_await_refresh_is_a_warning_and_a_named_error(shop_url: str) -> None:
    app, bridge, router = shop_at(shop_url)
    router.post("/items", response_model=ItemRead)(forgetful_create)
    app.include_router(router)
    bridge.install(app)
    async with client_of(app, bridge, raising=True) as client:
        with (
            pytest.warns(RuntimeWarning, match=r"AsyncSession\.refresh' was never awaited"),
            pytest.raises(LazyLoadOutsideSession, match="'reviews' is not loaded"),
        ):
            await client.post("/items")
        async with bridge.database.async_unit_of_work() as session:
            assert len((await session.scalars(select(Item.id))).all()) == 2, "the insert was rolled back"


async def test_a_lazy_load_without_the_bridge_is_missing_greenlet(shop_url: str) -> None:
    database = Database(shop_url)
    async with database.async_unit_of_work() as session:
        item = await lazy_get(session)
        with pytest.raises(MissingGreenlet, match="greenlet_spawn has not been called"):
            len(item.reviews)
    await database.dispose()


async def test_a_lazy_load_in_a_port_is_an_error_that_names_the_attribute(shop_url: str) -> None:
    app, bridge, router = shop_at(shop_url)
    router.get("/first", response_model=ItemRead)(lazy_get)
    app.include_router(router)
    bridge.install(app)
    async with client_of(app, bridge, raising=True) as client:
        with pytest.raises(LazyLoadOutsideSession, match=r"GET /first .*'reviews' .*selectinload\(\)"):
            await client.get("/first")


async def test_transactions_left_open_exhaust_the_pool(shop_url: str) -> None:
    database = Database(shop_url, pool=ONE_CONNECTION)
    left_open = database.async_sessions()
    await left_open.scalar(select(Item.id))
    async with database.async_sessions() as waiting:
        with pytest.raises(PoolTimeout, match="QueuePool limit of size 1 overflow 0 reached"):
            await waiting.scalar(select(Item.id))
    await left_open.close()
    await database.dispose()


async def test_a_port_gives_its_connection_back_even_when_it_fails(shop_url: str) -> None:
    app, bridge, router = shop_at(shop_url)
    router.get("/first", response_model=ItemRead)(lazy_get)
    app.include_router(router)
    bridge.install(app)
    bridge.legacy.testing = False
    async with client_of(app, bridge) as client:
        answers = await asyncio.gather(*(client.get("/first") for _ in range(10)))
        assert {answer.status_code for answer in answers} == {500}
        assert bridge.database.async_engine.pool.status().endswith("Current Checked out connections: 0")
