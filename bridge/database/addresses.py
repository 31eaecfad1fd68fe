"""Where the database is, as the drivers are told when they connect."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import event

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Engine

__all__ = ["watch_addresses"]

# Where PostgreSQL's drivers look when nobody tells them.
DEFAULT_HOSTS: Final = ("localhost", "127.0.0.1", "::1")
SOCKETS: Final = ("/run/postgresql", "/var/run/postgresql", "/tmp")  # noqa: S108  # as asyncpg and libpq have it
PORTS: Final = {"postgresql": "5432", "mysql": "3306", "mariadb": "3306"}


def watch_addresses(engine: Engine, known: set[str]) -> None:
    """
    Add to *known* where *engine* connects to, just before it does: ``host:port``, or the path of a Unix socket.

    Does nothing for SQLite.

    Args:
        engine: A synchronous engine, or the synchronous face of an asynchronous one.
        known: Gets the addresses.
    """
    default = PORTS.get(engine.dialect.name)
    if default is None:  # a file
        return

    def note(_dialect: Any, _record: Any, _arguments: Any, options: dict[str, Any]) -> None:
        if "unix_socket" in options:  # MySQL's
            known.add(str(options["unix_socket"]))
            return
        environ = os.environ if engine.dialect.name == "postgresql" else {}
        hosts = _listed(options.get("host") or environ.get("PGHOST")) or (*DEFAULT_HOSTS, *SOCKETS)
        ports = _listed(options.get("port") or environ.get("PGPORT")) or (default,)
        for host in hosts:
            known.update(f"{host}/.s.PGSQL.{port}" if host.startswith("/") else f"{host}:{port}" for port in ports)

    event.listen(engine, "do_connect", note)


def _listed(value: Any) -> tuple[str, ...]:
    each: Iterable[Any] = (
        value.split(",") if isinstance(value, str) else value if isinstance(value, (list, tuple)) else (value,)
    )
    return tuple(str(one).strip() for one in each if one is not None)
