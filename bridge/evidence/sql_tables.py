"""The tables of the SQL store, and the statement that adds to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Double,
    Index,
    MetaData,
    String,
    Table,
    Text,
    bindparam,
    case,
    delete,
    func,
    literal,
    select,
)
from sqlalchemy.dialects import mysql, postgresql, sqlite

from bridge.database.table_prefix import require_prefix
from bridge.evidence.counts import LONGEST_COUNTER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = ["EvidenceTables", "add_counters", "add_up_windows"]

# MySQL indexes at most 3072 bytes, and a character may have four: the key of the counters has 732 characters and a number.
LONGEST_OPERATION: Final = 500
LONGEST_PATH: Final = 12
LONGEST_VERSION: Final = 100
LONGEST_ID: Final = 40
COLUMNS: Final = ("operation", "path", "version", "since", "counter", "amount", "grown_at")


class EvidenceTables:
    """
    The tables of the SQL store.

    Attributes:
        metadata: Holds all three, for ``create_all`` and for Alembic's ``target_metadata``.
        counters: How much was counted: a row for each counter in each window, and one with ``since`` 0 for all windows that are gone.
        writers: The number of the last batch of each process.
        documents: Promotions and roll-backs.
    """

    def __init__(self, prefix: str) -> None:
        """
        Args:
            prefix: What their names begin with.

        Raises:
            ConfigurationError: No name can begin with it.
        """
        require_prefix(prefix)
        self.metadata = MetaData()
        self.counters = Table(
            f"{prefix}evidence",
            self.metadata,
            Column("operation", _exact(LONGEST_OPERATION), primary_key=True),
            Column("path", _exact(LONGEST_PATH), primary_key=True),
            Column("version", _exact(LONGEST_VERSION), primary_key=True),
            Column("since", BigInteger, primary_key=True, autoincrement=False),
            Column("counter", _exact(LONGEST_COUNTER), primary_key=True),
            Column("amount", BigInteger, nullable=False),
            Column("grown_at", BigInteger, nullable=False),
            Index(f"{prefix}evidence_since", "since"),
        )
        self.writers = Table(
            f"{prefix}evidence_writers",
            self.metadata,
            Column("process", String(LONGEST_ID), primary_key=True),
            Column("batch", BigInteger, nullable=False),
            Column("written_at", BigInteger, nullable=False),
        )
        self.documents = Table(
            f"{prefix}evidence_documents",
            self.metadata,
            Column("id", String(LONGEST_ID), primary_key=True),
            Column("kind", String(LONGEST_ID), nullable=False),
            Column("operation", _exact(LONGEST_OPERATION), nullable=False),
            Column("at", Double, nullable=False),
            Column("content", JSON, nullable=False),
            Index(f"{prefix}evidence_documents_of", "kind", "operation", "at"),
        )


async def add_counters(connection: AsyncConnection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """
    Add *rows* to *table* in one statement: insert what is not there, and let grow what is.

    Args:
        connection: In a transaction.
        table: The counters.
        rows: One for each counter: `COLUMNS`.
    """
    # Everybody in the same order, or two processes would wait for each other's rows.
    ordered = sorted(rows)
    dialect = connection.dialect.name
    if dialect == "postgresql":
        # Columns instead of rows: one statement with seven parameters, however many rows.
        columns = {name: list(values) for name, values in zip(COLUMNS, zip(*ordered, strict=True), strict=True)}
        # Text of any length: a cast to a shorter type would cut what does not fit, instead of refusing it.
        types = {name: Text() if isinstance(table.c[name].type, String) else table.c[name].type for name in COLUMNS}
        arrays = [func.unnest(bindparam(name, type_=postgresql.ARRAY(types[name]))).label(name) for name in COLUMNS]
        insert = postgresql.insert(table).from_select(COLUMNS, select(*arrays))
        await connection.execute(_growing(insert, table), columns)
        return
    named = [dict(zip(COLUMNS, row, strict=True)) for row in ordered]
    if dialect == "sqlite":
        await connection.execute(_growing(sqlite.insert(table), table), named)
    else:
        upsert = mysql.insert(table)
        grown = {
            "amount": table.c.amount + upsert.inserted.amount,
            "grown_at": func.greatest(table.c.grown_at, upsert.inserted.grown_at),
        }
        await connection.execute(upsert.on_duplicate_key_update(grown), named)


async def add_up_windows(connection: AsyncConnection, table: Table, *, before: int) -> None:
    """
    Move the counters of windows that began before *before* to the rows without a window.

    Args:
        connection: In a transaction.
        table: The counters.
        before: Seconds since 1970.
    """
    names = [table.c[name] for name in ("operation", "path", "version", "counter")]
    old = (table.c.since > 0) & (table.c.since < before)
    if connection.dialect.name == "postgresql":
        gone = delete(table).where(old).returning(*names, table.c.amount, table.c.grown_at).cte("gone")
        operation, path, version, counter = (gone.c[column.name] for column in names)
        sums = (
            select(operation, path, version, literal(0), counter, func.sum(gone.c.amount), func.max(gone.c.grown_at))
            .group_by(operation, path, version, counter)
            .order_by(operation, path, version, counter)
        )
        await connection.execute(_growing(postgresql.insert(table).from_select(COLUMNS, sums), table))
        return
    # Elsewhere the rows, and the gaps for further ones, stay locked from the look to the end.
    summed = select(*names, func.sum(table.c.amount), func.max(table.c.grown_at)).where(old).group_by(*names)
    await connection.execute(select(table.c.since).where(old).with_for_update())
    found = await connection.execute(summed)
    rows = [(row[0], row[1], row[2], 0, row[3], int(row[4]), row[5]) for row in found]
    if rows:
        await connection.execute(delete(table).where(old))
        await add_counters(connection, table, rows)


def _growing(insert: Any, table: Table) -> Any:
    return insert.on_conflict_do_update(
        index_elements=list(table.primary_key),
        set_={
            "amount": table.c.amount + insert.excluded.amount,
            "grown_at": case(
                (insert.excluded.grown_at > table.c.grown_at, insert.excluded.grown_at), else_=table.c.grown_at
            ),
        },
    )


def _exact(length: int) -> String:
    # Names that differ in case are two, which MySQL's usual collations do not see.
    binary = mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin")
    return String(length).with_variant(binary, "mysql", "mariadb")
