"""
Tell whether somebody else's commit came between the candidate and the control of a request that writes.

The control sees what was committed while the candidate ran, and after. Where both met the same rows in different states, they differ
rightly.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from bridge.shadow.comparing import pair_rows
from bridge.shadow.write_merging import read_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from bridge.shadow.writes import RowWrite, WriteSet

__all__ = ["conflict_between"]

# Each part of each unique key of a table, as an expression over its columns, and the condition of a partial one.
UNIQUE_KEYS: Final = """
SELECT format('%I.%I', nspname, relname) AS name, indexrelid AS key, pg_get_indexdef(indexrelid, part, true) AS part,
    coalesce(pg_get_expr(indpred, indrelid, true), 'true') AS condition
FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace JOIN pg_index ON indrelid = pg_class.oid AND indisunique
CROSS JOIN LATERAL generate_series(1, indnkeyatts) AS part
WHERE $1::text IN (nspname || '.' || relname, CASE nspname WHEN current_schema() THEN relname END)
ORDER BY indexrelid, part
"""


async def conflict_between(engine: AsyncEngine, control: WriteSet, candidate: WriteSet) -> str | None:
    """
    Return the table in which somebody else changed what one of the paths wrote before the other came to it; None if nobody did.

    Seen are rows that both wrote, rows that only the candidate wrote, and unique keys that it took. What was only read is not.

    Args:
        engine: Where the control has committed.
        control: What it wrote.
        candidate: What was written, and rolled back, before.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: The database could not be asked.
    """
    pairs = pair_rows(control, candidate)
    for ours, theirs in pairs.both:
        if ours.before is not None and theirs.before is not None and ours.before != theirs.before:
            return ours.table
    only = [*pairs.candidate, *pairs.repeated]
    if not only:
        return None
    mine = {row.address for row in control.rows}
    async with engine.connect() as connection:
        await connection.exec_driver_sql("SET LOCAL timezone = 'UTC'")  # as the rows were captured
        for table, rows in _by_table(only):
            keys = await _UniqueKeys.read(connection, table)
            for row in rows:
                if await keys.met_another(row, mine):
                    return table
    return None


class _UniqueKeys:
    """What identifies the rows of one table: each query finds those that share a unique key with a given row."""

    def __init__(self, connection: AsyncConnection, queries: list[str]) -> None:
        self._connection = connection
        self._queries = queries

    @classmethod
    async def read(cls, connection: AsyncConnection, table: str) -> _UniqueKeys:
        parts: dict[tuple[str, int, str], list[str]] = defaultdict(list)
        for found in await connection.exec_driver_sql(UNIQUE_KEYS, (table,)):
            parts[found.name, found.key, found.condition].append(found.part)
        return cls(connection, [_query(name, key, condition) for (name, _, condition), key in parts.items()])

    async def met_another(self, row: RowWrite, mine: set[str]) -> bool:
        """
        Return whether somebody else changed *row*, which only the candidate wrote, or holds a unique key that it took.

        Args:
            row: The write.
            mine: The rows that the control wrote.
        """
        if row.before is not None and row.before not in [each async for each in self._holders(row.before)]:
            return True
        if row.after is None:
            return False
        keys = [{column: each.get(column) for column in row.key} async for each in self._holders(row.after)]
        itself = row.key if row.before is not None else None
        return any(key != itself and replace(row, key=key).address not in mine for key in keys)

    async def _holders(self, row: Mapping[str, Any]) -> Any:
        for query in self._queries:
            for (found,) in await self._connection.exec_driver_sql(query, (json.dumps(dict(row), default=str),)):
                yield read_row(found)


def _query(table: str, key: list[str], condition: str) -> str:
    # What is put together here are the server's own names and expressions; the row is a parameter.
    given = ", ".join(f"{part} AS bridge_{number}" for number, part in enumerate(key))
    same = " AND ".join(f"({part}) = bridge_{number}" for number, part in enumerate(key))
    return (
        f"SELECT to_jsonb(held)::text FROM (SELECT {given} FROM "  # noqa: S608  as said above
        f"jsonb_populate_record(NULL::{table}, $1::text::jsonb) AS held WHERE {condition}) AS given "
        f"JOIN {table} AS held ON {same} WHERE {condition}"
    )


def _by_table(rows: Iterable[RowWrite]) -> Iterator[tuple[str, list[RowWrite]]]:
    tables: dict[str, list[RowWrite]] = defaultdict(list)
    for row in rows:
        tables[row.table].append(row)
    yield from tables.items()
