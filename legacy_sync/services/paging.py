"""Pages of query results."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page; ``page`` counts from 1 and ``total`` is the number of items on all pages."""

    items: list[T]
    total: int
    page: int
    size: int


def paginate(session: Session, statement: Select[T], *, page: int, size: int) -> Page[T]:
    """Run an ordered single-entity SELECT for one page, after counting its rows."""
    total = session.scalar(select(func.count()).select_from(statement.order_by(None).subquery()))
    items = session.scalars(statement.limit(size).offset((page - 1) * size)).all()
    return Page(items=list(items), total=total or 0, page=page, size=size)
