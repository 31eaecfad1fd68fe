"""Ask a pooled connection whether it is alive only when there is a reason to doubt it."""

from __future__ import annotations

import select
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import event
from sqlalchemy.exc import InvalidatePoolError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

__all__ = ["ping_idle"]

USED_AT: Final = "bridge.used_at"


def ping_idle(engine: Engine, *, after: float) -> None:
    """
    Have *engine* ping a connection at checkout when it was last used *after* seconds ago or earlier.

    One that was used since is not pinged, unless a look at its socket, which costs microseconds and no round trip, shows that the
    server has closed it or said something. Where the driver does not show the socket, every connection is pinged. One that does not
    answer is replaced, and so is every other that the pool holds: what killed one has mostly killed all.

    Args:
        engine: A synchronous engine, or the synchronous face of an asynchronous one; its own ``pool_pre_ping`` must be off.
        after: Seconds; 0 is always.
    """
    dialect = engine.dialect
    needs_attention = SIGNS.get(dialect.driver, _unknown)

    def remember(_connection: Any, record: Any) -> None:
        record.info[USED_AT] = monotonic()

    def check(connection: Any, record: Any, _proxy: Any) -> None:
        used_at = record.info.get(USED_AT)
        if used_at is None:  # opened a moment ago
            return
        if monotonic() - used_at < after and not needs_attention(record.driver_connection):
            return
        try:
            dialect.do_ping(connection)
        except (dialect.loaded_dbapi.Error, OSError) as error:
            # The pool answers this by replacing the connection, at most twice.
            raise InvalidatePoolError("the connection does not answer") from error

    event.listen(engine, "checkin", remember)
    event.listen(engine, "checkout", check)


def _libpq(driver: Any) -> bool:
    return driver.closed or _is_readable(driver.fileno())


def _asyncpg(driver: Any) -> bool:
    if driver.is_closed():
        return True
    # asyncpg learns of the end at the event loop's next turn, the kernel knows now. Only the undocumented attribute has the socket;
    # without it, the next turn has to do.
    transport = getattr(driver, "_transport", None)
    socket = transport.get_extra_info("socket") if transport is not None else None
    return socket is not None and _is_readable(socket.fileno())


def _is_readable(file_descriptor: int) -> bool:
    # The server speaks to an idle connection to say goodbye, to notify, or to report a setting: a ping sorts it out.
    poll = select.poll()
    poll.register(file_descriptor, select.POLLIN)
    return bool(poll.poll(0))


def _unknown(_driver: Any) -> bool:
    return True


SIGNS: Final[dict[str, Callable[[Any], bool]]] = {
    "psycopg2": _libpq,
    "psycopg": _libpq,
    "asyncpg": _asyncpg,
    # A file does not go away.
    "pysqlite": lambda _driver: False,
    "aiosqlite": lambda _driver: False,
}
