"""Turn the one URL a team has into what each driver takes."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from bridge.database.arguments import mysql_arguments, postgresql_arguments, sqlite_arguments
from bridge.database.pairs import EXAMPLE, DriverPair, choose_pair
from bridge.errors import InvalidDatabaseURL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import URL

__all__ = ["DriverURLs", "driver_urls"]

# libpq's form for several servers, which SQLAlchemy cannot parse: //user:password@a:1,b:2/name
# Without a user name before them there may be no @ behind: those would be the user name and a password that has a slash in it.
SEVERAL_HOSTS: Final = re.compile(
    r"(?P<start>[\w+]+://(?:[^@/?]*@|(?![^@]*@)))(?P<hosts>[^@/?]*,[^@/?]*)(?P<rest>[/?].*)?", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class DriverURLs:
    """
    The same database, addressed for each driver.

    Attributes:
        pair: The drivers.
        sync: URL for the synchronous driver.
        asynchronous: URL for the asynchronous driver.
        sync_connect_args: What the synchronous driver takes besides; may hold secrets.
        async_connect_args: What the asynchronous driver takes besides; may hold secrets.
        isolation_level: What the arguments make the default of a session, in upper case, as far as they say.
        require_tls: Whether a connection without TLS has to be refused, because the asynchronous driver does not.
    """

    pair: DriverPair
    sync: URL
    asynchronous: URL
    sync_connect_args: Mapping[str, Any] = field(default_factory=dict, repr=False)
    async_connect_args: Mapping[str, Any] = field(default_factory=dict, repr=False)
    isolation_level: str | None = None
    require_tls: bool = False


def driver_urls(
    url: str | URL | None,
    connect_args: Mapping[str, object] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
) -> DriverURLs:
    """
    Derive from *url* what both drivers take, whichever of them it names.

    Args:
        url: Any URL of the database.
        connect_args: Connect arguments in the words of either driver; they count more than those of the URL.
        environ: The environment variables that PostgreSQL's drivers read; None for those of this process.

    Raises:
        InvalidDatabaseURL: *url* is unset, malformed, in memory, or of a database or driver this library does not pair.
        InvalidConnectArgument: An argument is unknown, malformed, contradictory or without a twin.
        DriverMissing: A driver is needed to read the arguments, and not installed.
    """
    parsed = _parsed(url)
    pair = choose_pair(parsed.drivername)
    given = dict(connect_args or {})
    required, level = False, None
    if pair.backend == "postgresql":
        sync, asynchronous, level = postgresql_arguments(
            pair, parsed, given, os.environ if environ is None else environ
        )
    elif pair.backend == "sqlite":
        if _is_in_memory(parsed):
            msg = "an in-memory SQLite database belongs to one connection, so the two engines would not see the same rows: use sqlite:///path/to/file.db"
            raise InvalidDatabaseURL(msg)
        sync, asynchronous = sqlite_arguments(pair, parsed, given)
    else:
        pair.require()
        sync, asynchronous, required = mysql_arguments(pair, parsed, given)
    return DriverURLs(pair, sync[0], asynchronous[0], sync[1], asynchronous[1], level, required)


def _parsed(url: str | URL | None) -> URL:
    if not url:
        msg = f"no database URL was given: set DATABASE_URL, for example {EXAMPLE}"
        raise InvalidDatabaseURL(msg)
    hosts = ""
    if isinstance(url, str):
        several = SEVERAL_HOSTS.fullmatch(url)
        if several:
            url, hosts = several["start"] + (several["rest"] or ""), several["hosts"]
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        parsed = None
    if parsed is None:
        # Raised here and not above: the text of a malformed URL may hold a password, and an exception remembers the one before it.
        msg = f"the database URL cannot be parsed: write it as {EXAMPLE}"
        raise InvalidDatabaseURL(msg)
    if isinstance(url, str) and parsed.username is not None and url.count("@") > 1:
        # A password with an @ of its own ends too early, and its rest would be shown as a host.
        msg = (
            "the database URL has more than one @: write those of the user name, the password and the arguments as %40"
        )
        raise InvalidDatabaseURL(msg)
    return parsed.update_query_dict({"host": hosts}) if hosts else parsed


def _is_in_memory(url: URL) -> bool:
    # Also as a URI: https://sqlite.org/inmemorydb.html
    return url.database in {None, "", ":memory:", "file::memory:"} or url.query.get("mode") == "memory"
