"""A Flask application that does what real ones do and porters forget."""

from tests.corpus.awkward.app import FILE, HEADERS, SECRET_KEY, Variant, create_app

__all__ = ["FILE", "HEADERS", "SECRET_KEY", "Variant", "create_app"]
