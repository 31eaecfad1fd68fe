"""Send each value as psycopg2 does, where asyncpg would refuse it or quietly make something else of it."""

from __future__ import annotations

from datetime import datetime
from types import NoneType
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import event

from bridge.database.parity.comparisons import compare_texts
from bridge.database.parity.errors import driver_error
from bridge.database.parity.literals import INTEGER_BITS, SUSPECT, VALUED, Family, literal
from bridge.database.parity.placeholders import families, recast, split_tests

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection, Engine

__all__ = ["align_parameters"]

# Casts that hold the values of those before them, so that a batch can have one for all of its rows.
WIDENING: Final = (None, "INTEGER", "BIGINT", "NUMERIC")
# Text is what these are made of, so no cast is needed.
TEXTUAL: Final = frozenset({"text", "varchar", "bpchar", "char", "name", "json", "jsonb", "xml", "unknown"})
MOST_INFERRED: Final = 1024


def align_parameters(engine: Engine) -> None:
    """
    Have *engine*, which is asyncpg's, type each value as psycopg2's literals are typed.

    Where a value is what its column is declared as, the statement stays as it is; so a server that keeps plans keeps them.
    """
    engine.dialect.statement_compiler = compare_texts(engine.dialect.statement_compiler)
    inference = _Inference()

    def suit(connection: Connection, _cursor: Any, statement: str, parameters: Any, *_: object) -> tuple[str, Any]:
        if not parameters:
            return statement, parameters
        # Not by whether it is announced as a batch: an insert of many rows in one statement is, and has one long tuple.
        batch = isinstance(parameters, list)
        if not (_is_unfit_batch if batch else _is_unfit)(families(statement), parameters):
            return statement, parameters
        statement, rows = _suit(connection, statement, parameters if batch else [parameters], inference)
        return statement, rows if batch else rows[0]

    event.listen(engine, "before_cursor_execute", suit, retval=True)


def _is_unfit(declared: Sequence[Family], parameters: Sequence[Any]) -> bool:
    pairs = set(zip(declared, map(type, parameters), strict=False))
    return not pairs.isdisjoint(SUSPECT) or any(_is_exceptional(*pair, parameters) for pair in pairs & VALUED)


def _is_unfit_batch(declared: Sequence[Family], rows: Sequence[Sequence[Any]]) -> bool:
    # By columns, because sets of their types are made without Python's looking at each value.
    return any(
        _is_unfit([family] * len(rows), column)
        for family, column in zip(declared, zip(*rows, strict=True), strict=False)
    )


def _is_exceptional(family: Family, kind: type, values: Sequence[Any]) -> bool:
    # The values of a statement are of other families, too: a hint that one may not fit is enough.
    if kind is int:
        bits = INTEGER_BITS[family]
        integers = [value for value in values if type(value) is int]
        return not -(1 << bits) <= min(integers) <= max(integers) < 1 << bits
    return any(type(value) is datetime and value.tzinfo is not None for value in values)


def _suit(
    connection: Connection, statement: str, rows: Sequence[Sequence[Any]], inference: _Inference
) -> tuple[str, Sequence[Sequence[Any]]]:
    if Family.TESTED in families(statement):
        statement, tested = split_tests(statement)
        rows = [(*row, *(None if row[position] is None else "" for position in tested)) for row in rows]
    declared = families(statement)
    literals = [list(map(literal, declared, row)) for row in rows]
    casts = [_common_cast(column) for column in zip(*literals, strict=True)]
    # Where no one cast serves all rows, the values go as they came, and asyncpg says what is wrong with them.
    rows = [
        tuple(sent if cast else value for cast, (_, sent), value in zip(casts, converted, row, strict=True))
        for converted, row in zip(literals, rows, strict=True)
    ]
    statement = recast(statement, casts) if any(casts) else statement
    texts = [
        family is Family.NONE and set(map(type, column)) - {NoneType} == {str}
        for family, column in zip(declared, zip(*rows, strict=True), strict=True)
    ]
    if any(texts):
        types = inference.types(connection, statement)
        inferred = [f"VARCHAR::{name}" if text and name else None for text, name in zip(texts, types, strict=True)]
        statement = recast(statement, inferred) if any(inferred) else statement
    return statement, rows


def _common_cast(column: Sequence[tuple[str | None, Any]]) -> str | None:
    # NULL fits any cast, unless it has one of its own.
    casts = {cast for cast, value in column if cast or value is not None}
    if len(casts) <= 1:
        return casts.pop() if casts else None
    numbers = all(
        isinstance(value, int | float) or hasattr(value, "as_tuple") for _, value in column if value is not None
    )
    if numbers and casts.issubset(WIDENING):
        return max(casts, key=WIDENING.index)
    return None


class _Inference:
    """The types that the server infers for parameters without a cast; asked once for each statement."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str | None, ...]] = {}

    def types(self, connection: Connection, statement: str) -> tuple[str | None, ...]:
        """Return the type of each parameter as SQL, or None where its value is sent as text anyway."""
        known = self._known.get(statement)
        if known is None:
            pooled: Any = connection.connection
            try:
                prepared = pooled.dbapi_connection.run_async(lambda driver: _prepare(driver, statement))
            except Exception as error:
                raise driver_error(connection.dialect, error) from error
            if len(self._known) >= MOST_INFERRED:
                self._known.clear()
            known = self._known[statement] = tuple(map(_name, prepared.get_parameters()))
        return known


async def _prepare(driver: Any, statement: str) -> Any:
    prepared = await driver.prepare(statement)
    if not driver.is_in_transaction():
        # asyncpg does not say that this is all, so the server would take it for the first query of the transaction that comes,
        # and refuse to give that an isolation level.
        await driver.execute("SELECT")
    return prepared


def _name(kind: Any) -> str | None:
    if kind.name in TEXTUAL:
        return None
    base, brackets, _ = kind.name.partition("[]")
    return f'"{kind.schema}"."{base}"{brackets}'
