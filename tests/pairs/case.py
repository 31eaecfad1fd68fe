"""One thing that applications do with a database, to be done through both drivers of a pair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

__all__ = ["EVERYWHERE", "MYSQL", "POSTGRESQL", "SQLITE", "Case", "functions"]

POSTGRESQL: Final = frozenset({"postgresql"})
SQLITE: Final = frozenset({"sqlite"})
MYSQL: Final = frozenset({"mysql"})
EVERYWHERE: Final = POSTGRESQL | SQLITE | MYSQL


@dataclass(frozen=True, slots=True)
class Case:
    """
    One case.

    Attributes:
        id: Names it for good: family or form, type or statement, and what is special about it.
        run: Does it in a session; returns plain data, which is compared, or raises, which is compared as well.
        backends: The databases where it makes sense.
        spoils: Whether it leaves something behind in the connection, which is then not used again.
    """

    id: str
    run: Callable[[Session], object]
    backends: frozenset[str] = EVERYWHERE
    spoils: bool = False


def functions(
    family: str, *runs: Callable[[Session], object], backends: frozenset[str] = EVERYWHERE, spoils: bool = False
) -> tuple[Case, ...]:
    """Make a case of each function; its name is the id."""
    return tuple(Case(f"{family}: {run.__name__.replace('_', ' ')}", run, backends, spoils) for run in runs)
