"""Recognise a query that was derived from a dynamic relationship, which has become a plain one by then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, inspect
from sqlalchemy.sql.elements import BindParameter
from sqlalchemy.sql.visitors import iterate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Mapper

__all__ = ["DynamicQueries"]


class DynamicQueries:
    """The dynamic relationships that lead to each mapper, looked up once."""

    def __init__(self) -> None:
        self._paths: dict[Mapper[Any], str | None] = {}

    def parent_of(self, entities: Sequence[Mapper[Any]], statement: Any) -> str | None:
        """
        Return the path of the dynamic relationship that the query came from, such as ``User.posts``; None if it came from none.

        Such a query compares with a parameter whose value is computed from the parent when it runs. `with_parent` makes the same, so
        it is only looked for where a dynamic relationship leads to a queried class.

        Args:
            entities: What the query is for.
            statement: The query.
        """
        for mapper in entities:
            if mapper not in self._paths:
                self._paths[mapper] = _path_to(mapper)
        path = next(filter(None, (self._paths[mapper] for mapper in entities)), None)
        if path is None or not any(isinstance(part, BindParameter) and part.callable for part in iterate(statement)):
            return None
        return path


def entities_of(statement: object) -> list[Mapper[Any]]:
    """Return the mappers that a SELECT names."""
    if not isinstance(statement, Select):
        return []
    found = (inspect(each["entity"], raiseerr=False) for each in statement.column_descriptions if each.get("entity"))
    return list(dict.fromkeys(each.mapper for each in found if each is not None))


def _path_to(target: Mapper[Any]) -> str | None:
    paths = sorted(
        f"{mapper.class_.__name__}.{relationship.key}"
        for mapper in target.registry.mappers
        for relationship in mapper.relationships
        if relationship.lazy == "dynamic" and relationship.mapper is target
    )
    return paths[0] if paths else None
