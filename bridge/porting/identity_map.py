"""Notice relationships that need no SQL only because somebody else keeps the object alive."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy.exc import NoInspectionAvailable
from sqlalchemy.inspection import inspect
from sqlalchemy.orm import InstanceState
from sqlalchemy.orm.base import PassiveFlag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from sqlalchemy.orm import registry

__all__ = ["IdentityMapWatch"]


class IdentityMapWatch:
    """
    Watch the loaders of scalar relationships, which look into the identity map before they emit SQL.

    SQLAlchemy has an event for SQL, and none for a load that needs none; so this wraps ``impl.callable_`` of the attributes, which is not
    documented. It is the only place that depends on it, and takes it back at the end.
    """

    def __init__(self, before: Callable[[], int], after: Callable[[str, Any, int], None]) -> None:
        """
        Args:
            before: Called before a load; what it returns is handed to *after*.
            after: Called with the attribute path, the relationship and that, after a load that gave an object.
        """
        self._before = before
        self._after = after
        self._seen: set[registry] = set()
        self._wrapped: list[tuple[Any, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for impl, loader in self._wrapped:
            impl.callable_ = loader
        self._wrapped.clear()
        self._seen.clear()

    def add(self, registries: Iterable[registry]) -> None:
        """Watch the relationships of every class in these registries."""
        for each in registries:
            if each not in self._seen:
                self._seen.add(each)
                self._wrap(each)

    def _wrap(self, mapped: registry) -> None:
        for mapper in mapped.mappers:
            for relationship in mapper.relationships:
                attribute = getattr(mapper.class_, relationship.key)
                loader = getattr(attribute.impl, "callable_", None)
                # A subclass shares the implementation with its base until it is loaded by itself.
                if not relationship.uselist and loader is not None and not isinstance(loader, partial):
                    path = f"{mapper.class_.__name__}.{relationship.key}"
                    attribute.impl.callable_ = partial(self._load, loader, path, relationship)
                    self._wrapped.append((attribute.impl, loader))

    def _load(
        self, loader: Any, path: str, relationship: Any, state: Any, passive: PassiveFlag = PassiveFlag.PASSIVE_OFF
    ) -> Any:
        before = self._before()
        value = loader(state, passive)
        if passive & PassiveFlag.SQL_OK and _is_mapped(value):
            self._after(path, relationship, before)
        return value


def _is_mapped(value: object) -> bool:
    try:
        return isinstance(inspect(value), InstanceState)
    except NoInspectionAvailable:
        return False
