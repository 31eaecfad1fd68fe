"""How long whatever was told to stop may take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import event

from bridge.errors import InvalidStopSetting

if TYPE_CHECKING:
    from sqlalchemy import Engine

__all__ = ["StopSettings", "limit_connecting"]

# libpq takes whole seconds, and makes 1 a 2: https://www.postgresql.org/docs/current/libpq-connect.html
SHORTEST_CONNECT_S: Final = 2
ARGUMENTS: Final = {"psycopg2": "connect_timeout", "psycopg": "connect_timeout", "asyncpg": "timeout"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StopSettings:
    """
    What bounds the end of work that was cancelled, or whose deadline passed, when the server does not answer.

    Attributes:
        cut_after: Seconds that cancelled work has to end, its COMMIT or ROLLBACK included, before its connection is cut. PostgreSQL needs
            a few milliseconds; the rest is for a network that is slow.
        connect_timeout: Whole seconds that opening a connection may take, and asking the server to cancel. An argument of the URL goes before it.

    Raises:
        InvalidStopSetting: A time is out of its range.
    """

    cut_after: float = 2.0
    connect_timeout: int = 10

    def __post_init__(self) -> None:
        if self.cut_after <= 0 or self.connect_timeout < SHORTEST_CONNECT_S:
            msg = (
                f"cut_after is {self.cut_after:g} and connect_timeout {self.connect_timeout}: "
                "the first must be more than 0 seconds, and the second at least 2"
            )
            raise InvalidStopSetting(msg)


def limit_connecting(engine: Engine, seconds: int) -> None:
    """Give up opening a connection of *engine* after so many seconds, unless its URL says otherwise."""
    argument = ARGUMENTS.get(engine.dialect.driver)
    if argument is None:
        return

    def limit(_dialect: object, _record: object, _args: object, arguments: dict[str, Any]) -> None:
        arguments.setdefault(argument, seconds)

    event.listen(engine, "do_connect", limit)
