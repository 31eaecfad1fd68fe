"""Entry point for WSGI servers: ``gunicorn 'legacy_sync.wsgi:create_app()'``. Importing it builds nothing."""

from legacy_sync.app import create_app

__all__ = ["create_app"]
