"""JSON as the Flask application writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from flask import has_app_context
from flask.json.provider import DefaultJSONProvider

from bridge.compat.contexts import in_app_context

if TYPE_CHECKING:
    from flask import Flask, Response
    from flask.json.provider import JSONProvider

__all__ = ["FlaskJSON"]


class FlaskJSON:
    r"""
    Encode with the JSON provider of a Flask application.

    Removes these differences from FastAPI: sorted keys, ``\u`` escapes, RFC 822 dates in GMT, decimals and UUIDs as strings, a
    trailing newline, and whatever a provider of the application's own does.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app

    @property
    def media_type(self) -> str:
        """What the provider calls its output; a provider of the application's own may have another name for it."""
        return getattr(self._app.json, "mimetype", "application/json")

    def encode(self, value: Any) -> bytes:
        """
        Return the bytes that ``flask.jsonify(value)`` would send.

        A provider of the application's own runs inside an application context: that of the moment, or one for this call.

        Raises:
            TypeError: The provider cannot write a value, as under Flask.
        """
        if has_app_context() or _is_flasks_own(self._app.json):
            return self._encode(value)
        return in_app_context(self._app, self._encode, value)

    def _encode(self, value: Any) -> bytes:
        # The provider is typed as returning the sans-I/O response class, of which this is always the subclass with a body.
        response = cast("Response", self._app.json.response(value))
        return response.get_data()


def _is_flasks_own(provider: JSONProvider) -> bool:
    """Return whether *provider* asks for no context, which takes a quarter as long as the smallest body."""
    return type(provider) is DefaultJSONProvider and provider.default is DefaultJSONProvider.default
