"""Evidence in the team's own database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, func, insert, select, update

from bridge.database import wait_to_create
from bridge.database.table_prefix import PREFIX
from bridge.evidence.counts import Counts, Tally
from bridge.evidence.kept_connection import KeptConnection
from bridge.evidence.sql_tables import EvidenceTables, add_counters, add_up_windows
from bridge.evidence.store import Document
from bridge.stages import Path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import MetaData
    from sqlalchemy.ext.asyncio import AsyncConnection

    from bridge.database import Database
    from bridge.evidence.store import Batch

__all__ = ["SQLEvidence"]

KNOWN_PATHS: Final = frozenset(path.value for path in Path)


class SQLEvidence:
    """
    Adds up what every process counts, in three tables of the team's database.

    Each process has one connection of its own for it, outside of the pools.
    """

    def __init__(self, database: Database, *, timeout: float = 5.0, prefix: str = PREFIX) -> None:
        """
        Args:
            database: Where the tables are.
            timeout: Seconds that any answer of the database may take.
            prefix: What the names of its tables begin with; another one for each service that has its tables in the same schema.

        Raises:
            ConfigurationError: No name of a table can begin with *prefix*.
        """
        self._connection = KeptConnection(database, timeout=timeout)
        self._tables = EvidenceTables(prefix)

    def __repr__(self) -> str:
        return f"SQLEvidence({self._connection!r})"

    @property
    def metadata(self) -> MetaData:
        """The three tables, for a migration tool."""
        return self._tables.metadata

    async def create_tables(self) -> None:
        """
        Create the tables that are missing; several processes may do so at once.

        Raises:
            EvidenceStoreUnavailable: The database cannot be reached, or the role may not create tables.
        """
        async with self._connection.transaction() as connection:
            await wait_to_create(connection)
            await connection.run_sync(self._tables.metadata.create_all)
        # Whoever creates tables may be about to fork, and two processes cannot share a connection.
        await self.close()

    async def add(self, batch: Batch) -> None:
        """
        Add *batch* to its windows.

        Raises:
            EvidenceRefused: A value does not fit into its column.
            EvidenceStoreUnavailable: The database cannot be reached, has no such tables, or did not answer in time.
        """
        async with self._connection.transaction() as connection:
            if not await self._claim(connection, batch):
                return
            rows = [
                (tally.operation, tally.path.value, tally.version, window, counter, amount, window)
                for (tally, window, counter), amount in batch.counters.items()
            ]
            await add_counters(connection, self._tables.counters, rows)

    async def read(self, operation: str | None = None, *, since: float | None = None) -> Mapping[Tally, Counts]:
        """
        Return what was counted.

        Raises:
            EvidenceStoreUnavailable: The database cannot be reached, or has no such tables.
        """
        table = self._tables.counters
        columns = (table.c.operation, table.c.path, table.c.version, table.c.counter)
        query = select(*columns, func.sum(table.c.amount)).group_by(*columns)
        if since is not None:
            query = query.where(table.c.since >= max(since, 1))
        if operation is not None:
            query = query.where(table.c.operation == operation)
        found: dict[Tally, dict[str, int]] = {}
        async with self._connection.transaction() as connection:
            for name, path, version, counter, amount in await connection.execute(query):
                if path in KNOWN_PATHS:
                    found.setdefault(Tally(name, Path(path), version), {})[counter] = int(amount)
        return {tally: Counts.of(counters) for tally, counters in found.items()}

    async def prune(self, *, windows_before: float, totals_before: float) -> None:
        """
        Add old windows to the totals, and forget old totals, and processes that are gone.

        Raises:
            EvidenceStoreUnavailable: The database cannot be reached, or has no such tables.
        """
        table, writers = self._tables.counters, self._tables.writers
        async with self._connection.transaction() as connection:
            await add_up_windows(connection, table, before=int(windows_before))
            await connection.execute(delete(table).where(table.c.since == 0, table.c.grown_at < int(totals_before)))
            await connection.execute(delete(writers).where(writers.c.written_at < int(totals_before)))

    async def keep(self, document: Document) -> None:
        """
        Keep *document*, in place of the one with its id.

        Raises:
            EvidenceStoreUnavailable: The database cannot be reached, or has no such tables.
        """
        table = self._tables.documents
        row = {
            "id": document.id,
            "kind": document.kind,
            "operation": document.operation,
            "at": document.at,
            "content": dict(document.content),
        }
        async with self._connection.transaction() as connection:
            await connection.execute(delete(table).where(table.c.id == document.id))
            await connection.execute(insert(table).values(row))

    async def discard(self, document: Document) -> None:
        """
        Forget *document*.

        Raises:
            EvidenceStoreUnavailable: The database cannot be reached, or has no such tables.
        """
        table = self._tables.documents
        async with self._connection.transaction() as connection:
            await connection.execute(delete(table).where(table.c.id == document.id))

    async def documents(self, kind: str, operation: str | None = None, *, limit: int = 100) -> Sequence[Document]:
        """
        Return the newest *limit* documents of a kind, newest first.

        Raises:
            EvidenceStoreUnavailable: The database cannot be reached, or has no such tables.
        """
        table = self._tables.documents
        query = select(table).where(table.c.kind == kind).order_by(table.c.at.desc()).limit(limit)
        if operation is not None:
            query = query.where(table.c.operation == operation)
        async with self._connection.transaction() as connection:
            return [
                Document(row.id, row.kind, row.operation, row.at, row.content)
                for row in await connection.execute(query)
            ]

    async def close(self) -> None:
        """Let go of the connection; the next use opens another one."""
        await self._connection.close()

    async def _claim(self, connection: AsyncConnection, batch: Batch) -> bool:
        """
        Take the number of *batch* for this transaction; tell whether it still has to be added.

        A transaction whose commit was not answered may still be under way: then this waits for its row.
        """
        writers = self._tables.writers
        written_at = max(key.window for key in batch.counters)
        mine = writers.c.process == batch.process
        numbered = {"batch": batch.number, "written_at": written_at}
        done = await connection.execute(update(writers).where(mine, writers.c.batch < batch.number).values(numbered))
        if done.rowcount:
            return True
        if (await connection.execute(select(writers.c.batch).where(mine))).first() is not None:
            return False
        await connection.execute(insert(writers).values(process=batch.process, **numbered))
        return True
