"""What libpq finds outside of the URL: a connection service file, and the environment."""

from __future__ import annotations

from configparser import ConfigParser, Error
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bridge.database.arguments.refusal import refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["environment_words", "service_words"]

# Those that asyncpg does not read by itself, or not as libpq does.
ENVIRONMENT: Final = {
    "PGAPPNAME": "application_name",
    "PGCHANNELBINDING": "channel_binding",
    "PGCLIENTENCODING": "client_encoding",
    "PGCONNECT_TIMEOUT": "connect_timeout",
    "PGDATESTYLE": "datestyle",
    "PGGEQO": "geqo",
    "PGGSSDELEGATION": "gssdelegation",
    "PGGSSENCMODE": "gssencmode",
    "PGHOSTADDR": "hostaddr",
    "PGLOADBALANCEHOSTS": "load_balance_hosts",
    "PGOPTIONS": "options",
    "PGREQUIREAUTH": "require_auth",
    "PGREQUIREPEER": "requirepeer",
    "PGSSLCERT": "sslcert",
    "PGSSLCERTMODE": "sslcertmode",
    "PGSSLCOMPRESSION": "sslcompression",
    "PGSSLCRL": "sslcrl",
    "PGSSLCRLDIR": "sslcrldir",
    "PGSSLKEY": "sslkey",
    "PGSSLMAXPROTOCOLVERSION": "ssl_max_protocol_version",
    "PGSSLMINPROTOCOLVERSION": "ssl_min_protocol_version",
    "PGSSLMODE": "sslmode",
    "PGSSLNEGOTIATION": "sslnegotiation",
    "PGSSLROOTCERT": "sslrootcert",
    "PGSSLSNI": "sslsni",
    "PGTZ": "timezone",
}


def environment_words(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters that libpq would take from *environ* and asyncpg would not."""
    return {word: environ[name] for name, word in ENVIRONMENT.items() if environ.get(name)}


def service_words(service: str, servicefile: str | None, environ: Mapping[str, str]) -> dict[str, str]:
    """
    Return the parameters of a connection service, from the first file that has it, as libpq looks for it.

    Args:
        service: Its name.
        servicefile: The file given with the connection, if any.
        environ: Says where else to look.

    Raises:
        InvalidConnectArgument: No file has the service, or the file that has it cannot be read.
    """
    looked = list[str]()
    for path in _files(servicefile, environ):
        looked.append(str(path))
        # Names are case-sensitive, and a value is taken as it stands.
        parser = ConfigParser(delimiters=("=",), comment_prefixes=("#",), interpolation=None, strict=False)
        parser.optionxform = str  # type: ignore[assignment,method-assign]  # the documented way
        readable = True
        try:
            parser.read(path, encoding="utf-8")
        except (Error, UnicodeDecodeError):
            readable = False  # raised below: the parser's error quotes the line, which may hold a password
        if not readable:
            raise refusal("service", f"cannot be read from {path}: the file is not a connection service file")
        if parser.has_section(service):
            return dict(parser[service])
    raise refusal("service", f"names no service of {', '.join(looked) or 'any file'}")


def _files(servicefile: str | None, environ: Mapping[str, str]) -> Iterator[Path]:
    given = servicefile or environ.get("PGSERVICEFILE")
    if given:
        yield Path(given)
    elif environ.get("HOME"):
        yield Path(environ["HOME"], ".pg_service.conf")
    if environ.get("PGSYSCONFDIR"):
        yield Path(environ["PGSYSCONFDIR"], "pg_service.conf")
