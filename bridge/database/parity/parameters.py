"""Send each value as psycopg2 does, where asyncpg would refuse it or quietly make something else of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import event

from bridge.database.parity.comparisons import compare_texts
from bridge.database.parity.errors import driver_error
from bridge.database.parity.literals import SUSPECT, VALUED, Family, literal, needs_attention
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
        if isinstance(parameters, list):
            return _suit_batch(statement, parameters)
        return _suit_one(connection, statement, parameters, inference)

    event.listen(engine, "before_cursor_execute", suit, retval=True)


def _suit_one(
    connection: Connection, statement: str, parameters: Sequence[Any], inference: _Inference
) -> tuple[str, Sequence[Any]]:
    declared = families(statement)
    pairs = set(zip(declared, map(type, parameters), strict=False))
    if pairs.isdisjoint(SUSPECT) and (pairs.isdisjoint(VALUED) or not any(map(needs_attention, declared, parameters))):
        return statement, parameters
    if Family.TESTED in declared:
        statement, tested = split_tests(statement)
        declared = families(statement)
        parameters = (*parameters, *(None if parameters[position] is None else "" for position in tested))
    literals = list(map(literal, declared, parameters))
    casts = [cast for cast, _ in literals]
    values = tuple(value for _, value in literals)
    statement = recast(statement, casts) if any(casts) else statement
    if (Family.NONE, str) in pairs or (Family.TESTED, str) in pairs:
        types = inference.types(connection, statement)
        texts = [
            f"VARCHAR::{name}" if name and family is Family.NONE and type(value) is str else None
            for family, value, name in zip(declared, parameters, types, strict=False)
        ]
        statement = recast(statement, texts) if any(texts) else statement
    return statement, values


def _suit_batch(statement: str, rows: Sequence[Sequence[Any]]) -> tuple[str, Sequence[Sequence[Any]]]:
    declared = families(statement)
    pairs = {pair for row in rows for pair in zip(declared, map(type, row), strict=False)}
    if pairs.isdisjoint(SUSPECT) and (
        pairs.isdisjoint(VALUED) or not any(any(map(needs_attention, declared, row)) for row in rows)
    ):
        return statement, rows
    literals = [list(map(literal, declared, row)) for row in rows]
    casts = [_common_cast(column) for column in zip(*literals, strict=True)]
    # Where no one cast serves all rows, the values go as they came, and asyncpg says what is wrong with them.
    suited = [
        tuple(sent if cast else given for cast, (_, sent), given in zip(casts, row, original, strict=True))
        for row, original in zip(literals, rows, strict=True)
    ]
    return (recast(statement, casts), suited) if any(casts) else (statement, rows)


def _common_cast(column: Sequence[tuple[str | None, Any]]) -> str | None:
    casts = {cast for cast, value in column if value is not None}
    if len(casts) == 1:
        return casts.pop()
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
                prepared = pooled.dbapi_connection.run_async(lambda driver: driver.prepare(statement))
            except Exception as error:
                raise driver_error(connection.dialect, error) from error
            if len(self._known) >= MOST_INFERRED:
                self._known.clear()
            known = self._known[statement] = tuple(map(_name, prepared.get_parameters()))
        return known


def _name(kind: Any) -> str | None:
    if kind.name in TEXTUAL:
        return None
    base, brackets, _ = kind.name.partition("[]")
    return f'"{kind.schema}"."{base}"{brackets}'
