"""What came of a case, as text: equal texts are equal to an application."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any, Final, TypeAlias

from sqlalchemy import Row
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

__all__ = ["Outcome", "canonical", "describe_error", "shown"]

#: What is compared, by name: ``result`` or ``error`` with its details, and the rows ``stored`` other than at the beginning.
Outcome: TypeAlias = "dict[str, str]"

_FACETS: Final = ("result", "error", "sqlstate", "constraint", "disconnected", "afterwards", "stored")
_UNREMARKABLE: Final = {"sqlstate": "None", "constraint": "None", "disconnected": "False", "afterwards": "int 1"}


def canonical(value: object) -> str:
    """
    Write *value* with its type.

    Raises:
        ValueError: Its text form would differ from run to run.
    """
    match value:
        case None | True | False:
            return str(value)
        case Row() | tuple() | list():
            opening, closing = "[]" if isinstance(value, list) else "()"
            return f"{opening}{', '.join(map(canonical, value))}{closing}"
        case dict():
            return f"{{{', '.join(f'{canonical(key)}: {canonical(member)}' for key, member in value.items())}}}"
        case memoryview():
            return f"memoryview {bytes(value)!r}"
        # The offset is what a caller sees; which class of tzinfo holds it is not.
        case datetime() | date() | time():
            return f"{type(value).__name__} {value.isoformat()}"
        case _:
            text = f"{type(value).__name__} {value!r}"
    if " at 0x" in text:
        msg = f"a {type(value).__name__} has no stable text form: have the case return plain data"
        raise ValueError(msg)
    return text


def describe_error(error: Exception) -> Outcome:
    """Return what an application can tell of *error* without looking at its message."""
    outcome = {"error": " < ".join(_chain(type(error)))}
    if isinstance(error, DBAPIError):
        outcome["sqlstate"] = str(_sqlstate(error.orig))
        outcome["constraint"] = str(getattr(getattr(error.orig, "diag", None), "constraint_name", None))
        outcome["disconnected"] = str(error.connection_invalidated)
    return outcome


def shown(outcome: Outcome, other: Outcome) -> str:
    """Return in one line what *outcome* has otherwise than *other*."""
    parts = []
    for facet in _FACETS:
        text = outcome.get(facet)
        if text is None or text == other.get(facet) or (facet not in other and text == _UNREMARKABLE.get(facet)):
            continue
        parts.append(text.partition(" < ")[0] if facet in {"result", "error"} else f"{facet}: {text}")
    return "; ".join(parts)


def _chain(kind: type[BaseException]) -> list[str]:
    names = [parent.__name__ for parent in kind.__mro__ if issubclass(parent, Exception)]
    if issubclass(kind, SQLAlchemyError):
        names = names[: names.index("SQLAlchemyError") + 1]
    return names


def _sqlstate(orig: Any) -> object:
    # psycopg2 says pgcode, asyncpg both, psycopg 3 sqlstate; MySQL drivers and SQLite have numbers of their own.
    for name in ("pgcode", "sqlstate", "sqlite_errorcode"):
        code = getattr(orig, name, None)
        if code is not None:
            return code
    arguments = getattr(orig, "args", ())
    return arguments[0] if arguments and isinstance(arguments[0], int) else None
