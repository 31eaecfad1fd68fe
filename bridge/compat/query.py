"""Query parameters read with Flask's rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BeforeValidator
from starlette.datastructures import QueryParams

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FirstValueParams", "lenient_int"]

T = TypeVar("T")


class FirstValueParams(QueryParams):
    """Query parameters of which the first value counts, as in Werkzeug's ``MultiDict``; Starlette takes the last."""

    def __getitem__(self, key: str) -> str:
        values = self.getlist(key)
        if not values:
            raise KeyError(key)
        return values[0]

    def get(self, key: str, default: Any = None) -> Any:
        """Return the first value of *key*, or *default*."""
        return next(iter(self.getlist(key)), default)

    def as_mapping(self) -> Mapping[str, str]:
        """Return one value per name, the first."""
        return {key: self[key] for key in self.keys()}


def lenient_int(default: int) -> BeforeValidator:
    """
    Read an integer as ``request.args.get(name, default, type=int)`` does: what `int` refuses becomes *default*.

    Use it as ``Annotated[int, lenient_int(1)] = 1``.
    """

    def parse(value: object) -> int:
        try:
            return int(str(value))
        except ValueError:
            return default

    return BeforeValidator(parse)
