"""Path converters as strict as Flask's."""

from __future__ import annotations

from typing import Any, Generic, TypeVar
from uuid import UUID

from starlette.convertors import Convertor, register_url_convertor
from werkzeug.routing import FloatConverter, IntegerConverter, PathConverter, UUIDConverter

__all__ = ["register_flask_converters"]

T = TypeVar("T")


class FlaskConvertor(Convertor[T], Generic[T]):
    """A Starlette convertor that matches what a Werkzeug converter matches."""

    def __init__(self, regex: str, parse: type[T]) -> None:
        # Starlette ends its pattern with "$", which also matches before a line break at the end.
        self.regex = rf"{regex}(?!\n)"  # type: ignore[misc]  # Starlette reads it from the instance
        self._parse: Any = parse

    def convert(self, value: str) -> T:
        """Return the value a Flask view would get."""
        result: T = self._parse(value)
        return result

    def to_string(self, value: T) -> str:
        """Return the text for a URL."""
        return str(value)


def register_flask_converters() -> None:
    """
    Add ``{x:flask_int}``, ``flask_float``, ``flask_uuid`` and ``flask_path`` to Starlette's path converters, once per process.

    Removes these differences: ``{x}: int`` answers ``-5``, ``+5``, ``5.0`` and ``1_0`` with 200 and ``abc`` with 422, where
    ``<int:x>`` gives 404; ``uuid`` takes one without dashes. Needed only for operations that Flask has been retired from: as
    long as Flask has a rule, its own converters decide.
    """
    register_url_convertor("flask_int", FlaskConvertor(IntegerConverter.regex, int))
    register_url_convertor("flask_float", FlaskConvertor(FloatConverter.regex, float))
    register_url_convertor("flask_uuid", FlaskConvertor(UUIDConverter.regex, UUID))
    register_url_convertor("flask_path", FlaskConvertor(PathConverter.regex, str))
