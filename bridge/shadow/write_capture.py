"""Have the database show which rows a checked request writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from bridge.database import require_joinable
from bridge.shadow.write_recording import watch_transactions
from bridge.shadow.write_schema import TRIGGER, install_sql, table_name, uninstall_sql

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Table

    from bridge.database import Database

__all__ = ["WriteCapture"]


class WriteCapture:
    """
    Triggers that note each row written, in transactions that are checked and in no other.

    Cascades, writes of other triggers, bulk statements and SQL as text are seen. What is noted is read and deleted before the transaction
    ends. TRUNCATE, and tables without a primary key or without the triggers, are named in the write set as its limits.
    """

    def __init__(self, database: Database) -> None:
        """
        Args:
            database: PostgreSQL, 14 or newer.

        Raises:
            WritesNotCheckable: It is another.
        """
        require_joinable(database)
        self._database = database
        watch_transactions(database.sync_engine)
        watch_transactions(database.async_engine.sync_engine)

    async def install(self, tables: Iterable[str | Table]) -> None:
        """
        Install the triggers; again, after a migration, does no harm.

        Each table is locked against writes for a moment, and in a transaction of its own.

        Args:
            tables: Names as SQL has them, or tables, such as those of ``Base.metadata.sorted_tables``.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: A table does not exist, or the role may not create triggers on it.
        """
        await self._run(install_sql(tables))

    async def uninstall(self, tables: Iterable[str | Table]) -> None:
        """
        Take the triggers away, and everything they need; those of other services in the same database as well.

        Args:
            tables: As for `install`.
        """
        await self._run(uninstall_sql(tables))

    async def missing(self, tables: Iterable[str | Table]) -> tuple[str, ...]:
        """Return those of *tables* that do not have the triggers."""
        names = list(map(table_name, tables))
        found = text("SELECT 1 FROM pg_trigger WHERE tgrelid = to_regclass(:name) AND tgname = :trigger")
        async with self._database.async_engine.connect() as connection:
            return tuple(
                [name for name in names if await connection.scalar(found, {"name": name, "trigger": TRIGGER}) is None]
            )

    @staticmethod
    def install_sql(tables: Iterable[str | Table]) -> tuple[str, ...]:
        """Return what `install` runs, for a migration of the team."""
        return install_sql(tables)

    @staticmethod
    def uninstall_sql(tables: Iterable[str | Table]) -> tuple[str, ...]:
        """Return what `uninstall` runs."""
        return uninstall_sql(tables)

    async def _run(self, statements: Sequence[str]) -> None:
        for statement in statements:
            async with self._database.async_engine.begin() as connection:
                await connection.exec_driver_sql(statement)
