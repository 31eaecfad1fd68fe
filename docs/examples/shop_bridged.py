"""Step 2 of the tutorial: FastAPI owns one operation, and calls the legacy function for it."""

import os

from fastapi import FastAPI

from bridge import Bridge, Database
from docs.examples.shop import create_flask_app, find_item
from docs.examples.shop_schemas import ItemRead

database = Database(os.environ["DATABASE_URL"])
bridge = Bridge(database=database, legacy=create_flask_app(database.sync_engine))
items = bridge.router(prefix="/items", tags=["items"])

items.get("/{item_id:int}", response_model=ItemRead)(find_item)

app = FastAPI()
app.include_router(items)
bridge.install(app)
