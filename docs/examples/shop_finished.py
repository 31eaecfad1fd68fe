"""The end of the migration: neither Flask nor the bridge's routing is left."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, HTTPException
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from bridge import Database
from docs.examples.shop import Item
from docs.examples.shop_schemas import ItemRead

database = Database(os.environ["DATABASE_URL"])


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """Close the connections when the server stops."""
    yield
    await database.dispose()


app = FastAPI(lifespan=lifespan)


@app.get("/items/{item_id}", response_model=ItemRead)
async def get_item(item_id: int) -> Item:
    """Load an item with its reviews, or answer 404."""
    statement = select(Item).where(Item.id == item_id).options(selectinload(Item.reviews))
    async with database.async_unit_of_work() as session:
        item = await session.scalar(statement)
    if item is None:
        raise HTTPException(404)
    return item
