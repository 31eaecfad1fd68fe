"""Recognise a query that was derived from a dynamic relationship, which has become a plain one by then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Self

from sqlalchemy.orm import AppenderQuery

if TYPE_CHECKING:
    from types import TracebackType

    from sqlalchemy.orm import Query

__all__ = ["DynamicQueries"]

MARK: Final = "_bridge_dynamic_relationship"
# Its mixin has it, which is also under the query class of an application's own.
OWNER: Final[Any] = next(each for each in AppenderQuery.__mro__ if "_generate" in vars(each))


class DynamicQueries:
    """
    Marks what ``parent.children.filter(...)`` returns; the copies that its own methods make keep the mark.

    It wraps the method that makes it, which is not documented, and takes that back at the end.
    """

    def __enter__(self) -> Self:
        self._original = original = OWNER._generate  # noqa: SLF001  not documented, as said above

        def marking(appender: Any, *arguments: Any, **options: Any) -> Any:
            query = original(appender, *arguments, **options)
            setattr(query, MARK, f"{type(appender.instance).__name__}.{appender.attr.key}")
            return query

        OWNER._generate = marking  # noqa: SLF001  not documented, as said above
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        OWNER._generate = self._original  # noqa: SLF001  not documented, as said above

    @staticmethod
    def path_of(query: Query[Any]) -> str | None:
        """Return the relationship that *query* came from, such as ``User.posts``; None if it came from none."""
        path: str | None = getattr(query, MARK, None)
        return path
