"""Everything a database holds, in a form that can be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

if TYPE_CHECKING:
    from sqlalchemy import MetaData
    from sqlalchemy.engine import Engine

__all__ = ["database_state"]


def database_state(engine: Engine, tables: MetaData) -> dict[str, list[dict[str, Any]]]:
    """
    Return every row of *tables*, ordered by primary key.

    Sequences are not part of it: a rejected insert leaves a gap on either path.

    Args:
        engine: The database to read.
        tables: The tables, reflected from the database so that one without a model is not missed.

    Returns:
        Rows by table, each a mapping of column to value.
    """
    with engine.connect() as connection:
        return {
            table.name: [
                dict(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
            ]
            for table in tables.sorted_tables
        }
