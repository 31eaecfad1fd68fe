"""Make a FastAPI route answer the way the Flask application does."""

from bridge.compat.errors import FlaskErrors
from bridge.compat.flask import FlaskCompat
from bridge.compat.json import FlaskJSON
from bridge.compat.query import lenient_int
from bridge.compat.session import FlaskSession, flask_session

__all__ = ["FlaskCompat", "FlaskErrors", "FlaskJSON", "FlaskSession", "flask_session", "lenient_int"]
