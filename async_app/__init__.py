"""The FastAPI side of the example: the composition root, bridged routes and native ports."""

from async_app.app import create_app
from async_app.settings import Settings

__all__ = ["Settings", "create_app"]
