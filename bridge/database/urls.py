"""Turn the one URL a team has into a URL for each driver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from bridge.errors import InvalidDatabaseURL

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

__all__ = ["DriverURLs", "driver_urls"]

DRIVERS: Final = {
    "postgresql": ("postgresql+psycopg2", "postgresql+asyncpg"),
    "postgres": ("postgresql+psycopg2", "postgresql+asyncpg"),
    "sqlite": ("sqlite+pysqlite", "sqlite+aiosqlite"),
}
KNOWN_DRIVERS: Final = frozenset({"", "psycopg2", "asyncpg", "pysqlite", "aiosqlite"})
EXAMPLE: Final = "postgresql://user:password@host:5432/name, or sqlite:///path/to/file.db"


@dataclass(frozen=True, slots=True)
class DriverURLs:
    """
    The same database, addressed for each driver.

    Attributes:
        sync: URL for the synchronous driver.
        asynchronous: URL for the asynchronous driver.
    """

    sync: URL
    asynchronous: URL


def driver_urls(url: str | URL | None) -> DriverURLs:
    """
    Derive the URL of both drivers from *url*, whichever of them it names.

    Raises:
        InvalidDatabaseURL: *url* is unset, malformed, in memory, or of a database or driver this library does not pair.
    """
    if not url:
        msg = f"no database URL was given: set DATABASE_URL, for example {EXAMPLE}"
        raise InvalidDatabaseURL(msg)
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # The text of a malformed URL may hold a password, so it is neither shown nor chained.
        msg = f"the database URL cannot be parsed: write it as {EXAMPLE}"
        raise InvalidDatabaseURL(msg) from None
    backend, _, driver = parsed.drivername.partition("+")
    if backend not in DRIVERS or driver not in KNOWN_DRIVERS:
        msg = f"{parsed.drivername!r} has no pair of drivers here: use one of {', '.join(sorted(DRIVERS))} as {EXAMPLE}"
        raise InvalidDatabaseURL(msg)
    if backend == "sqlite" and _is_in_memory(parsed):
        msg = "an in-memory SQLite database belongs to one connection, so the two engines would not see the same rows: use sqlite:///path/to/file.db"
        raise InvalidDatabaseURL(msg)
    sync, asynchronous = DRIVERS[backend]
    return DriverURLs(sync=parsed.set(drivername=sync), asynchronous=parsed.set(drivername=asynchronous))


def _is_in_memory(url: URL) -> bool:
    # Also as a URI: https://sqlite.org/inmemorydb.html
    return url.database in {None, "", ":memory:", "file::memory:"} or url.query.get("mode") == "memory"
