"""Notice a pool of connections beside that of the `Database`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bridge.compat.contexts import in_app_context

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy import Engine

__all__ = ["OWN_ENGINE", "has_own_engine"]

# What the extension is called in ``Flask.extensions``.
EXTENSION: Final = "sqlalchemy"
OWN_ENGINE: Final = (
    "Flask-SQLAlchemy has an engine of its own, so views neither share the pool nor are checked on one moment, and a check cannot keep "
    "them from writing: db.engines[None] = database.sync_engine, in an application context"
)


def has_own_engine(legacy: Flask, shared: Engine) -> bool:
    """Return whether Flask-SQLAlchemy uses another default engine in *legacy* than *shared*; not where it has none."""
    extension = legacy.extensions.get(EXTENSION)
    try:
        engines = in_app_context(legacy, getattr, extension, "engines", {})
        return engines.get(None, shared) is not shared
    except Exception:  # noqa: BLE001  another extension may have the name, and nobody is to be kept from starting by a hint
        return False
