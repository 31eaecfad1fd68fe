"""Checks in the team's own database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import case, delete, func, insert, select

from bridge.database import wait_to_create
from bridge.database.table_prefix import PREFIX
from bridge.shadow.difference import Severity
from bridge.shadow.publishing.retention import Retention
from bridge.shadow.publishing.rows import DifferenceGroup, check_row, difference_of, difference_rows
from bridge.shadow.publishing.tables import CheckTables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import MetaData
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from bridge.database import Database
    from bridge.shadow.check import Check

__all__ = ["SQLPublisher"]

DEFAULT: Final = Retention()
# Bounds are kept to within so many checks: a deletion for each insertion would double the work.
PRUNE_EVERY: Final = 200


class SQLPublisher:
    """
    Keeps checks that did not match in two tables, ``bridge_checks`` and ``bridge_differences``, unless they are given another prefix; never a body.

    It opens a connection of its own for each batch, outside of the pools, so that no request waits for one that it has taken.
    """

    def __init__(self, database: Database, *, retention: Retention = DEFAULT, prefix: str = PREFIX) -> None:
        """
        Args:
            database: Where the tables are.
            retention: How many checks are kept, and for how long; looked at by each process with its first batch, and then
                every 200 checks.
            prefix: What the names of its tables begin with; another one for each service that has its tables in the same schema.

        Raises:
            ConfigurationError: No name of a table can begin with *prefix*.
        """
        self._database = database
        self._retention = retention
        self._tables = CheckTables(prefix)
        # Made here, because making one for SQLite looks at the disk, which blocks.
        self._engine: AsyncEngine | None = database.separate_engine()
        self._since_pruned = PRUNE_EVERY

    @property
    def metadata(self) -> MetaData:
        """The two tables, for a migration tool."""
        return self._tables.metadata

    async def create_tables(self) -> None:
        """
        Create the tables that are missing; on PostgreSQL, several processes may do so at once.

        Raises:
            SQLAlchemyError: The database cannot be reached, or the role may not create tables.
        """
        async with self._open().begin() as connection:
            await wait_to_create(connection)
            await connection.run_sync(self._tables.metadata.create_all)

    async def publish(self, checks: Sequence[Check]) -> None:
        """
        Keep *checks*, all of them or none.

        Raises:
            SQLAlchemyError: The database cannot be reached, or has no such tables.

        Cancellation:
            None of them is kept.
        """
        async with self._open().begin() as connection:
            for check in checks:
                added = await connection.execute(insert(self._tables.checks).values(check_row(check)))
                assert added.inserted_primary_key is not None  # noqa: S101  one row was inserted
                rows = difference_rows(check, added.inserted_primary_key[0])
                if rows:
                    await connection.execute(insert(self._tables.differences), rows)
            self._since_pruned += len(checks)
            if self._since_pruned >= PRUNE_EVERY:
                await self._prune(connection)
                self._since_pruned = 0

    async def differences(self, operation: str | None = None, *, limit: int = 100) -> list[DifferenceGroup]:
        """
        Return what was found, grouped by operation, rule and kind of place: what counts first, the gravest first, the most frequent first.

        Args:
            operation: One operation; None for all.
            limit: Most groups returned.

        Raises:
            SQLAlchemyError: The database cannot be reached, or has no such tables.
        """
        async with self._open().connect() as connection:
            groups = (await connection.execute(self._groups(operation, limit))).all()
            found, checks = self._tables.differences, self._tables.checks
            last = select(found, checks.c.method, checks.c.target).join(checks, checks.c.id == found.c.check_id)
            rows = await connection.execute(last.where(found.c.id.in_([group.last for group in groups])))
            examples = {row.id: row for row in rows}
        return [
            DifferenceGroup(
                operation=group.operation,
                where=group.kind_of_place,
                count=group.number,
                checks=group.checks,
                first_seen=group.first_seen,
                last_seen=group.last_seen,
                example=difference_of(examples[group.last]),
                request=f"{examples[group.last].method} {examples[group.last].target}",
            )
            for group in groups
            if group.last in examples  # else another process has just deleted it
        ]

    async def close(self) -> None:
        """Let go of the engine; the next use makes another one, on whatever event loop it is."""
        engine, self._engine = self._engine, None
        if engine is not None:
            await engine.dispose()

    def _open(self) -> AsyncEngine:
        if self._engine is None:
            self._engine = self._database.separate_engine()
        return self._engine

    def _groups(self, operation: str | None, limit: int) -> Any:
        found = self._tables.differences.c
        excused = case((found.excused.is_(None), 0), else_=1)
        weight = case({severity.value: n for n, severity in enumerate(reversed(Severity))}, value=found.severity)
        number = func.count()
        groups = select(
            found.operation,
            found.rule,
            found.kind_of_place,
            number.label("number"),
            func.count(found.check_id.distinct()).label("checks"),
            func.min(found.checked_at).label("first_seen"),
            func.max(found.checked_at).label("last_seen"),
            func.max(found.id).label("last"),
        ).group_by(found.operation, found.rule, found.kind_of_place, excused, weight)
        if operation is not None:
            groups = groups.where(found.operation == operation)
        return groups.order_by(excused, weight, number.desc(), found.operation, found.rule, found.kind_of_place).limit(
            limit
        )

    async def _prune(self, connection: AsyncConnection) -> None:
        checks, found = self._tables.checks, self._tables.differences
        by_number = select(checks.c.id).order_by(checks.c.id.desc()).offset(self._retention.max_rows).limit(1)
        oldest = datetime.now(UTC) - timedelta(seconds=self._retention.max_age_s)
        by_age = select(func.max(checks.c.id)).where(checks.c.checked_at < oldest)
        last = [key for bound in (by_number, by_age) if (key := await connection.scalar(bound)) is not None]
        if last:
            await connection.execute(delete(found).where(found.c.check_id <= max(last)))
            await connection.execute(delete(checks).where(checks.c.id <= max(last)))
