"""The forms in which a value meets the database; each makes a case of a value, and its id says both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import cast, insert, literal, null, select, text, update

from tests.pairs.case import EVERYWHERE, POSTGRESQL, Case
from tests.pairs.schema import constants, pg_constants, pg_samples, samples

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Column, Table
    from sqlalchemy.orm import Session
    from sqlalchemy.types import TypeEngine

    Values = Mapping[str, Any]

__all__ = ["bound", "casts", "compares", "contains", "inserts", "literals", "reads", "selects", "updates"]


def inserts(column: str, values: Values) -> tuple[Case, ...]:
    """``INSERT`` by the type of the column, and read back in the same transaction."""

    def make(value: Any) -> Callable[[Session], object]:
        def run(session: Session) -> object:
            table, found = _sample(column)
            session.execute(insert(table).values({"id": 1, column: value}))
            return session.scalar(select(found))

        return run

    return _cases("insert", column, values, make)


def updates(column: str, values: Values) -> tuple[Case, ...]:
    """``UPDATE ... SET column = value WHERE column IS NULL``, and the number of rows."""

    def make(value: Any) -> Callable[[Session], object]:
        def run(session: Session) -> object:
            table, found = _sample(column)
            session.execute(insert(table).values(id=1))
            result = session.execute(update(table).where(found == null()).values({column: value}))
            return [result.rowcount, session.scalar(select(found))]  # type: ignore[attr-defined]  # the result of an UPDATE has it

        return run

    return _cases("update", column, values, make)


def compares(column: str, values: Values) -> tuple[Case, ...]:
    """``WHERE column = value``, on the constant row."""

    def make(value: Any) -> Callable[[Session], object]:
        def run(session: Session) -> object:
            table, found = _constant(column)
            return session.scalars(select(table.c.id).where(found == value)).all()

        return run

    return _cases("compare", column, values, make)


def contains(column: str, values: Values) -> tuple[Case, ...]:
    """``WHERE column IN (values)``, on the constant row."""

    def make(value: Any) -> Callable[[Session], object]:
        def run(session: Session) -> object:
            table, found = _constant(column)
            return session.scalars(select(table.c.id).where(found.in_(value))).all()

        return run

    return _cases("in", column, values, make)


def selects(*columns: str) -> tuple[Case, ...]:
    """``SELECT column`` by its type, from the constant row."""

    def make(column: str) -> Callable[[Session], object]:
        def run(session: Session) -> object:
            return session.scalar(select(_constant(column)[1]))

        return run

    return tuple(Case(f"select: {column}", make(column), _backends(column)) for column in columns)


def literals(values: Values, *, backends: frozenset[str] = EVERYWHERE) -> tuple[Case, ...]:
    """``select(literal(value))``: SQLAlchemy infers the type."""

    def make(value: Any) -> Callable[[Session], object]:
        def run(session: Session) -> object:
            return session.scalar(select(literal(value)))

        return run

    return tuple(Case(f"literal: {label}", make(value), backends) for label, value in values.items())


def casts(
    kind: TypeEngine[Any], name: str, values: Values, *, backends: frozenset[str] = POSTGRESQL
) -> tuple[Case, ...]:
    """``select(cast(value, type))``."""

    def make(value: Any) -> Callable[[Session], object]:
        def run(session: Session) -> object:
            return session.scalar(select(cast(value, kind)))

        return run

    return tuple(Case(f"cast: {name} {label}", make(value), backends) for label, value in values.items())


def reads(expressions: Mapping[str, str], *, backends: frozenset[str] = POSTGRESQL) -> tuple[Case, ...]:
    """``text("SELECT ...")``: nobody tells SQLAlchemy the type, so the value is the driver's own."""
    return bound({label: (f"SELECT {sql}", {}) for label, sql in expressions.items()}, form="read", backends=backends)


def bound(
    statements: Mapping[str, tuple[str, Mapping[str, Any]]],
    *,
    form: str = "text",
    backends: frozenset[str] = POSTGRESQL,
) -> tuple[Case, ...]:
    """``text()`` with parameters whose types only the database can infer; all rows, or the number of rows changed."""

    def make(sql: str, parameters: Mapping[str, Any]) -> Callable[[Session], object]:
        def run(session: Session) -> object:
            result: Any = session.execute(text(sql), parameters)
            return result.all() if result.returns_rows else result.rowcount

        return run

    return tuple(Case(f"{form}: {label}", make(*statement), backends) for label, statement in statements.items())


def _cases(
    form: str, column: str, values: Values, make: Callable[[Any], Callable[[Session], object]]
) -> tuple[Case, ...]:
    return tuple(Case(f"{form}: {column} {label}", make(value), _backends(column)) for label, value in values.items())


_PORTABLE: Final = frozenset(samples.c.keys())


def _backends(column: str) -> frozenset[str]:
    return EVERYWHERE if column in _PORTABLE else POSTGRESQL


def _sample(column: str) -> tuple[Table, Column[Any]]:
    table = samples if column in _PORTABLE else pg_samples
    return table, table.c[column]


def _constant(column: str) -> tuple[Table, Column[Any]]:
    table = constants if column in _PORTABLE else pg_constants
    return table, table.c[column]
