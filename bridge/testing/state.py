"""Everything a database holds, in a form that can be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import MetaData, select

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

__all__ = ["database_state"]


def database_state(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    """
    Return every row of every table, ordered by primary key.

    Reads the tables from the database itself, so that one without a model is not missed. Sequences are not part of it: a rejected
    insert leaves a gap on either path.

    Returns:
        Rows by table, each a mapping of column to value.
    """
    metadata = MetaData()
    metadata.reflect(engine)
    with engine.connect() as connection:
        return {
            table.name: [
                dict(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
            ]
            for table in metadata.sorted_tables
        }
