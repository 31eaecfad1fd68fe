"""Query parameters and form fields read with Flask's rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BeforeValidator
from starlette.datastructures import FormData, ImmutableMultiDict, QueryParams
from werkzeug.datastructures import Headers
from werkzeug.sansio.request import Request

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FirstValueForm", "FirstValueParams", "lenient"]

T = TypeVar("T")


class FirstValues(ImmutableMultiDict[str, Any]):
    """Of several values the first counts, as in Werkzeug's ``MultiDict``; Starlette takes the last."""

    def __getitem__(self, key: str) -> Any:
        values = self.getlist(key)
        if not values:
            raise KeyError(key)
        return values[0]

    def get(self, key: str, default: Any = None) -> Any:
        """Return the first value of *key*, or *default*."""
        return next(iter(self.getlist(key)), default)


class FirstValueParams(FirstValues, QueryParams):
    """Query parameters of which the first value counts."""

    @classmethod
    def from_query_string(cls, query_string: bytes) -> FirstValueParams:
        """Parse as Werkzeug does: bytes that are not UTF-8 stay percent-encoded, where Starlette puts U+FFFD."""
        request = Request("GET", "http", None, "", "/", query_string, Headers(), None)
        return cls(list(request.args.items(multi=True)))


class FirstValueForm(FirstValues, FormData):
    """Fields and files of a form of which the first value counts."""


def lenient(kind: Callable[[str], T], default: T) -> BeforeValidator:
    """
    Read a parameter as ``request.args.get(name, default, type=kind)`` does: what *kind* refuses becomes *default*.

    Removes these differences: ``?i=x`` and ``?i=`` are the default instead of 422; ``?b=false`` is true and ``?b=`` is false, as
    Python's `bool` has it. Use it as ``Annotated[int, lenient(int, 1)] = 1``.

    Args:
        kind: What the Flask view gives as ``type``.
        default: What it gives as default; also the parameter's own default.
    """

    def parse(value: str) -> T:
        try:
            return kind(value)
        except (ValueError, TypeError):
            return default

    return BeforeValidator(parse)
