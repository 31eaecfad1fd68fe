"""Connect arguments of SQLite: aiosqlite hands them all to sqlite3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.database.arguments.refusal import no_twin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import URL

    from bridge.database.pairs import DriverPair

__all__ = ["sqlite_arguments"]

AIOSQLITE_ONLY = ("iter_chunk_size", "loop", "async_creator_fn")


def sqlite_arguments(
    pair: DriverPair, url: URL, connect_args: Mapping[str, object]
) -> tuple[tuple[URL, dict[str, Any]], tuple[URL, dict[str, Any]]]:
    """
    Return the URL and the connect arguments of both drivers, which take the same.

    Raises:
        InvalidConnectArgument: An argument is aiosqlite's alone.
    """
    for name in AIOSQLITE_ONLY:
        if name in url.query or name in connect_args:
            raise no_twin(name, of="sqlite3")
    return tuple(  # type: ignore[return-value]  # of two
        (url.set(drivername=f"{pair.backend}+{driver}"), dict(connect_args))
        for driver in (pair.sync, pair.asynchronous)
    )
