"""Step 1 of the tutorial: the whole shop runs behind FastAPI, unchanged."""

import os

from fastapi import FastAPI

from bridge import Bridge, Database
from docs.examples.shop import create_flask_app

database = Database(os.environ["DATABASE_URL"])
bridge = Bridge(database=database, legacy=create_flask_app(database.sync_engine))

app = FastAPI()
bridge.install(app)
