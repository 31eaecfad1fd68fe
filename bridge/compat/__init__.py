"""Make a FastAPI route answer the way the Flask application does."""

from bridge.compat.converters import register_flask_converters
from bridge.compat.errors import FlaskErrors
from bridge.compat.flask import FlaskCompat
from bridge.compat.json import FlaskJSON
from bridge.compat.query import lenient
from bridge.compat.responses import flask_json_response, redirect, to_asgi_response
from bridge.compat.session import FlaskSession, flask_session

__all__ = [
    "FlaskCompat",
    "FlaskErrors",
    "FlaskJSON",
    "FlaskSession",
    "flask_json_response",
    "flask_session",
    "lenient",
    "redirect",
    "register_flask_converters",
    "to_asgi_response",
]
