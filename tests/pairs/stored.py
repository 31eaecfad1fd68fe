"""What is in the database, read by a connection of its own that knows nothing of types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, create_engine, make_url

from tests.pairs.schema import fill, rewind, tables

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Reader"]

_CAST: Final = {"postgresql": "CAST({} AS TEXT)", "sqlite": "quote({})", "mysql": "CAST({} AS CHAR)"}
# MySQL has no text form of bytes.
_EXCEPTIONS: Final = {("mysql", "blob"): "HEX({})"}
_DRIVERS: Final = {"postgresql": "postgresql+psycopg2", "sqlite": "sqlite", "mysql": "mysql+pymysql"}
# What a reader waits for the locks of a case that lost its connection, before the run fails.
_SETTINGS: Final = {
    "postgresql": "SET lock_timeout = '5s'; SET TIME ZONE 'UTC'",
    "sqlite": "PRAGMA synchronous = OFF",
}


class Reader:
    """Sees which rows of a database differ from those that every case begins with, and brings them back."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
        engine = create_engine(parsed.set(drivername=_DRIVERS[backend]), isolation_level="AUTOCOMMIT")
        self._tables = tables(backend)
        self._query = _query(self._tables, backend, engine.dialect.identifier_preparer.quote)
        self._connection: Connection = engine.connect()
        # Elsewhere it takes an ALTER TABLE.
        self._rewinds_cheaply = backend == "postgresql"
        if backend in _SETTINGS:
            self._connection.exec_driver_sql(_SETTINGS[backend])
        if backend == "postgresql":
            # Planning takes longer than reading a dozen rows.
            self._connection.exec_driver_sql(f"PREPARE rows AS {self._query}")
            self._query = "EXECUTE rows"
        self._beginning = self._rows()

    def changes(self, *, after_error: bool = False) -> str:
        """
        Return the rows that came and went, and bring rows and generated keys back to the beginning.

        Args:
            after_error: Whether a key may have been generated for a row that never came.
        """
        now = self._rows()
        changes = [f"+{row}" for row in now if row not in self._beginning]
        changes += [f"-{row}" for row in self._beginning if row not in now]
        if changes:
            fill(self._connection)
        if changes or after_error or self._rewinds_cheaply:
            rewind(self._connection)
        return " ".join(changes)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
        self._connection.engine.dispose()

    def _rows(self) -> list[str]:
        rows = []
        for table, *cells in self._connection.exec_driver_sql(self._query):
            named = zip(self._tables[table], cells, strict=False)
            present = ", ".join(f"{name}={cell}" for name, cell in named if cell not in {None, "NULL"})
            rows.append(f"{table}({present})")
        return sorted(rows)


def _query(described: dict[str, list[str]], backend: str, quote: Callable[[str], str]) -> str:
    # One statement for all tables, each padded to the widest: a round trip per case, not one per table.
    width = max(map(len, described.values()))
    parts = []
    for table, columns in described.items():
        cells = [_EXCEPTIONS.get((backend, column), _CAST[backend]).format(quote(column)) for column in columns]
        cells += ["NULL"] * (width - len(columns))
        parts.append(f"SELECT '{table}', {', '.join(cells)} FROM {table}")  # noqa: S608 - our own names
    return " UNION ALL ".join(parts)
