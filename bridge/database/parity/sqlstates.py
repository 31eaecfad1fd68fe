"""The class of error that psycopg2 raises for each SQLSTATE."""

from __future__ import annotations

from typing import Final

__all__ = ["error_class_name"]

# By the first two characters, which PostgreSQL calls the class: https://www.postgresql.org/docs/current/errcodes-appendix.html
CLASSES: Final = {
    "NotSupportedError": ("0A",),
    "DataError": ("22",),
    "IntegrityError": ("23",),
    "ProgrammingError": ("20", "21", "3D", "3F", "42", "44"),
    "InternalError": ("24", "25", "2B", "2D", "2F", "38", "39", "3B", "F0", "P0", "XX"),
    "OperationalError": ("08", "26", "27", "28", "34", "40", "53", "54", "55", "57", "58", "HV"),
}
BY_CLASS: Final = {prefix: name for name, prefixes in CLASSES.items() for prefix in prefixes}


def error_class_name(sqlstate: str) -> str:
    """Return the name that the error of *sqlstate* has in PEP 249, in the drivers and in `sqlalchemy.exc` alike."""
    return BY_CLASS.get(sqlstate[:2], "DatabaseError")
