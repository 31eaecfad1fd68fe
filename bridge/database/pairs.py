"""Which two drivers serve one database."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Final

from bridge.errors import DriverMissing, InvalidDatabaseURL

__all__ = ["PAIRS", "DriverPair", "choose_pair"]

EXAMPLE: Final = "postgresql://user:password@host:5432/name, or sqlite:///path/to/file.db"


@dataclass(frozen=True, slots=True)
class DriverPair:
    """
    A synchronous and an asynchronous driver of one kind of database.

    Attributes:
        backend: SQLAlchemy's name of the database.
        sync: SQLAlchemy's name of the synchronous driver.
        asynchronous: SQLAlchemy's name of the asynchronous driver; psycopg 3 has one of its own for the same package.
        extra: The extra of this library that installs both.
        modules: What Python imports for them.
    """

    backend: str
    sync: str
    asynchronous: str
    extra: str
    modules: tuple[str, ...]

    def require(self) -> None:
        """
        Import the drivers.

        Raises:
            DriverMissing: One of them is not installed, or cannot be loaded.
        """
        for module in self.modules:
            try:
                import_module(module)
            except ImportError as error:
                reason = str(error).partition("\n")[0]
                msg = (
                    f"{self.backend}+{self.sync} and {self.backend}+{self.asynchronous} need the module {module!r}, which "
                    f'cannot be imported ({reason}): pip install "legacy-bridge[{self.extra}]"'
                )
                raise DriverMissing(msg) from error


# The first pair of a backend is the one of a URL that names no driver.
PAIRS: Final = (
    DriverPair("postgresql", "psycopg2", "asyncpg", "postgres", ("psycopg2", "asyncpg")),
    DriverPair("postgresql", "psycopg", "psycopg_async", "psycopg", ("psycopg",)),
    DriverPair("sqlite", "pysqlite", "aiosqlite", "sqlite", ("sqlite3", "aiosqlite")),
    DriverPair("mysql", "pymysql", "aiomysql", "mysql", ("pymysql", "aiomysql")),
    DriverPair("mariadb", "pymysql", "aiomysql", "mysql", ("pymysql", "aiomysql")),
)
# libpq's other spelling, which SQLAlchemy does not know.
SPELLINGS: Final = {"postgres": "postgresql"}


def choose_pair(drivername: str) -> DriverPair:
    """
    Return the pair that *drivername* belongs to, whichever of the two drivers it names, if any.

    Args:
        drivername: The part of a URL before ``://``.

    Raises:
        InvalidDatabaseURL: No pair has it.
    """
    backend, _, driver = drivername.partition("+")
    backend = SPELLINGS.get(backend, backend)
    for pair in PAIRS:
        if pair.backend == backend and driver in {"", pair.sync, pair.asynchronous}:
            return pair
    names = ", ".join(f"{pair.backend}+{pair.sync}" for pair in PAIRS)
    msg = f"{drivername!r} has no pair of drivers here: use one of {names}, as in {EXAMPLE}"
    raise InvalidDatabaseURL(msg)
