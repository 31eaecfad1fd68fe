"""The factory, and what the application configures."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from flask import Flask
from flask.json.provider import DefaultJSONProvider
from werkzeug.routing import BaseConverter

from tests.corpus.awkward import bodies, errors, files, hooks, hosts, paths, state, values
from tests.corpus.clock import StillSessionInterface

__all__ = ["FILE", "HEADERS", "SECRET_KEY", "Variant", "create_app"]

Variant: TypeAlias = Literal["plain", "json", "hosts", "subdomains"]
SECRET_KEY: Final = "a secret of the awkward application"
ROTATED_KEY: Final = "the secret before that"
FILE: Final = Path(__file__).with_name("attachment.txt")
HEADERS: Final = {"X-Application": "awkward"}


class ColourConverter(BaseConverter):
    """``ff8800`` is ``(255, 136, 0)``."""

    regex = "[0-9a-f]{6}"

    def to_python(self, value: str) -> tuple[int, ...]:
        return tuple(bytes.fromhex(value))

    def to_url(self, value: tuple[int, ...]) -> str:
        return bytes(value).hex()


class WideJSON(DefaultJSONProvider):
    """A provider of the application's own: UTF-8, order as given, a type Flask refuses, another media type."""

    ensure_ascii = False
    sort_keys = False
    compact = False
    mimetype = "application/vnd.awkward+json"

    @staticmethod
    def default(value: Any) -> Any:
        if isinstance(value, set | frozenset):
            return sorted(value)
        return str(value) + " EUR" if isinstance(value, Decimal) else DefaultJSONProvider.default(value)


def create_app(variant: Variant = "plain") -> Flask:
    app = Flask(
        "awkward", static_folder=None, host_matching=variant == "hosts", subdomain_matching=variant == "subdomains"
    )
    app.config.update(
        SECRET_KEY=SECRET_KEY,
        SECRET_KEY_FALLBACKS=[ROTATED_KEY],
        PERMANENT_SESSION_LIFETIME=timedelta(hours=1),
        MAX_CONTENT_LENGTH=32 * 1024,
        MAX_FORM_PARTS=20,
    )
    app.session_interface = StillSessionInterface()
    app.url_map.converters["colour"] = ColourConverter
    if variant == "json":
        app.json = WideJSON(app)
    if variant in {"hosts", "subdomains"}:
        hosts.add_rules(app, variant)
        return app
    for module in (paths, values, bodies, state, files, errors, hooks):
        module.add_rules(app)
    return app
