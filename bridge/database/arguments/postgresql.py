"""From one URL of PostgreSQL and its connect arguments to those of two drivers."""

from __future__ import annotations

from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Any, Final

from bridge.database.arguments.asyncpg import asyncpg_arguments
from bridge.database.arguments.hosts import pair_ports
from bridge.database.arguments.options import parse_options, render_options
from bridge.database.arguments.reading import Arguments, read_arguments
from bridge.database.arguments.services import environment_words, service_words
from bridge.database.arguments.words import ADDRESS, SECRETS
from bridge.errors import InvalidConnectArgument

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import URL

    from bridge.database.pairs import DriverPair

__all__ = ["postgresql_arguments"]

Addressed = tuple["URL", dict[str, Any]]
ISOLATION: Final = "default_transaction_isolation"


def postgresql_arguments(
    pair: DriverPair, url: URL, connect_args: Mapping[str, object], environ: Mapping[str, str]
) -> tuple[Addressed, Addressed, str | None]:
    """
    Return the URL and the connect arguments of the synchronous and of the asynchronous driver, and the isolation level they ask for.

    Args:
        pair: The drivers.
        url: As it was given; a part of it that has no name of its own counts less than the query.
        connect_args: Counts more than the URL.
        environ: The environment, of which libpq reads more than asyncpg.

    Raises:
        InvalidConnectArgument: An argument is unknown, malformed, contradictory or without a twin.
    """
    parts = {"user": url.username, "password": url.password, "host": url.host, "port": url.port, "dbname": url.database}
    address = read_arguments({name: value for name, value in parts.items() if value}, pair.sync)
    wanted = read_arguments(connect_args, pair.sync).over(read_arguments(url.query, pair.sync).over(address))
    complete = wanted
    # psycopg leaves to libpq what is elsewhere, which knows of files that we do not, and asks only for what has to be known here.
    with suppress(InvalidConnectArgument) if pair.sync == "psycopg" else nullcontext():
        complete = _completed(wanted, environ, pair.sync)
    sync = _libpq(url, pair.sync, wanted)
    if "connect_timeout" in complete.words and "connect_timeout" not in wanted.words:
        # Said to libpq as well: what it reads elsewhere counts less than a default of ours.
        sync[1]["connect_timeout"] = complete.words["connect_timeout"]
    level = _isolation_level(complete)
    if pair.sync == "psycopg":
        return sync, (sync[0].set(drivername=f"{pair.backend}+{pair.asynchronous}"), dict(sync[1])), level
    asynchronous = _addressed(url, f"{pair.backend}+{pair.asynchronous}", complete.words)
    return sync, (asynchronous, asyncpg_arguments(complete)), level


def _libpq(url: URL, driver: str, wanted: Arguments) -> Addressed:
    words = dict(wanted.words)
    options = " ".join(part for part in (words.get("options"), render_options(wanted.settings)) if part)
    if options:
        words["options"] = options
    shown = {name: value for name, value in words.items() if name not in ADDRESS | SECRETS}
    addressed = _addressed(url, f"postgresql+{driver}", words)
    hidden = {name: value for name, value in words.items() if name in SECRETS}
    return addressed.update_query_dict(shown), hidden | wanted.psycopg


def _completed(wanted: Arguments, environ: Mapping[str, str], driver: str) -> Arguments:
    # libpq asks the service first, and then the environment, for what was not given.
    service = wanted.words.get("service") or environ.get("PGSERVICE")
    if service:
        words = service_words(service, wanted.words.get("servicefile"), environ)
        wanted = wanted.over(read_arguments(words, driver))
    return wanted.over(read_arguments(environment_words(environ), driver))


def _isolation_level(wanted: Arguments) -> str | None:
    options = wanted.words.get("options", "")
    parsed = parse_options(options)
    if parsed is None:  # another switch is among them, so not every setting is known
        parsed = {ISOLATION: "unknown"} if ISOLATION in options.replace("-", "_").lower() else {}
    level = (parsed | wanted.settings).get(ISOLATION)
    return level.upper() if level else None


def _addressed(url: URL, drivername: str, words: Mapping[str, str]) -> URL:
    hosts = words["host"].split(",") if "host" in words else []
    ports = words["port"].split(",") if words.get("port") else []
    several = {"host": ",".join(hosts), "port": ",".join(pair_ports(hosts, ports))} if len(hosts) > 1 else {}
    # set() leaves alone what is None, so it starts from nothing.
    return url.create(
        drivername,
        username=words.get("user"),
        password=words.get("password"),
        host=hosts[0] if len(hosts) == 1 else None,
        port=int(ports[0]) if not several and ports and ports[0] else None,
        database=words.get("dbname"),
        query=several,
    )
