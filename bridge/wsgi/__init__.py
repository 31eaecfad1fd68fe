"""A Flask, or any other WSGI, application as an ASGI application."""

from bridge.wsgi.asgi import WSGIAdapter
from bridge.wsgi.environ import build_environ
from bridge.wsgi.settings import Settings

__all__ = ["Settings", "WSGIAdapter", "build_environ"]
