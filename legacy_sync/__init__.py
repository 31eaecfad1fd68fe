"""Blog platform on Flask and synchronous SQLAlchemy; ``create_app`` builds a ready WSGI application."""

from legacy_sync.app import create_app

__all__ = ["create_app"]
