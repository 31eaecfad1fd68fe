"""What the server said about an error, read the same way whichever driver met it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

__all__ = ["Diagnostics", "constraint_of", "sqlstate_of"]


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """The fields of an error of PostgreSQL, under the names that psycopg has for them; None for what the server left out."""

    column_name: str | None = None
    constraint_name: str | None = None
    context: str | None = None
    datatype_name: str | None = None
    internal_position: str | None = None
    internal_query: str | None = None
    message_detail: str | None = None
    message_hint: str | None = None
    message_primary: str | None = None
    schema_name: str | None = None
    severity: str | None = None
    severity_nonlocalized: str | None = None
    source_file: str | None = None
    source_function: str | None = None
    source_line: str | None = None
    sqlstate: str | None = None
    statement_position: str | None = None
    table_name: str | None = None

    @classmethod
    def of(cls, error: object) -> Diagnostics:
        """Read the fields of an asyncpg *error*; of any other, all are None."""
        return cls(**{ours: getattr(error, theirs, None) for ours, theirs in ASYNCPG_NAMES.items()})


ASYNCPG_NAMES: Final = {
    "column_name": "column_name",
    "constraint_name": "constraint_name",
    "context": "context",
    "datatype_name": "data_type_name",
    "internal_position": "internal_position",
    "internal_query": "internal_query",
    "message_detail": "detail",
    "message_hint": "hint",
    "message_primary": "message",
    "schema_name": "schema_name",
    "severity": "severity",
    "severity_nonlocalized": "severity_en",
    "source_file": "server_source_filename",
    "source_function": "server_source_function",
    "source_line": "server_source_line",
    "sqlstate": "sqlstate",
    "statement_position": "position",
    "table_name": "table_name",
}


def sqlstate_of(error: BaseException) -> str | None:
    """
    Return the SQLSTATE of *error*, an SQLAlchemy or a driver's error of either engine, with or without the parity layers.

    Returns:
        Five characters, or None where the server sent none.
    """
    driver = _driver_error(error)
    state = getattr(driver, "sqlstate", None) or getattr(driver, "pgcode", None)
    return str(state) if state else None


def constraint_of(error: BaseException) -> str | None:
    """
    Return the name of the constraint that *error* says was violated, on either engine, with or without the parity layers.

    Returns:
        The constraint's name, or None where the error is of another kind.
    """
    driver = _driver_error(error)
    found: Any = getattr(driver, "diag", None)
    if found is None:
        # The dialect of asyncpg wraps the error that has the fields.
        found = getattr(driver, "orig", None) or driver
    name = getattr(found, "constraint_name", None)
    return str(name) if name else None


def _driver_error(error: BaseException) -> BaseException:
    # An error of SQLAlchemy has a statement, and holds the driver's.
    if hasattr(error, "statement"):
        return getattr(error, "orig", None) or error
    return error
