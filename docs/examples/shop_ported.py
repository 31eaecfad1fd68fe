"""Step 4 of the tutorial: the operation has a native path, and its stage picks who answers."""

import os

from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload
from werkzeug.exceptions import NotFound

from bridge import Bridge, Database
from docs.examples.shop import Item, create_flask_app, find_item
from docs.examples.shop_schemas import ItemRead

stage = os.environ.get("BRIDGE_DEFAULT_STAGE", "legacy")
database = Database(os.environ["DATABASE_URL"])
bridge = Bridge(database=database, legacy=create_flask_app(database.sync_engine), default_stage=stage)
items = bridge.router(prefix="/items", tags=["items"])


@items.get("/{item_id:int}", legacy=find_item, response_model=ItemRead)
async def get_item(session: AsyncSession, item_id: int) -> Item:
    """Load an item with its reviews, or answer 404."""
    statement = select(Item).where(Item.id == item_id).options(selectinload(Item.reviews))
    item = await session.scalar(statement)
    if item is None:
        raise NotFound
    return item


app = FastAPI()
app.include_router(items)
bridge.install(app)
