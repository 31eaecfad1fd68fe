"""Say in aiomysql's words what PyMySQL is told; PyMySQL gets the URL and the arguments as they are."""

from __future__ import annotations

import re
from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from bridge.database.arguments.refusal import no_twin, refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import URL

    from bridge.database.pairs import DriverPair

__all__ = ["mysql_arguments", "require_tls"]

ADDRESS: Final = {
    "user": "username", "password": "password", "passwd": "password", "host": "host", "port": "port",
    "database": "database", "db": "database",
}  # fmt: skip
SAME: Final = frozenset(
    {
        "autocommit", "charset", "client_flag", "connect_timeout", "conv", "init_command", "local_infile", "program_name",
        "sql_mode", "unix_socket", "use_unicode",
    }
)  # fmt: skip
TLS: Final = frozenset(
    {
        "ssl", "ssl_ca", "ssl_capath", "ssl_cert", "ssl_check_hostname", "ssl_cipher", "ssl_disabled", "ssl_key",
        "ssl_key_password", "ssl_verify_cert", "ssl_verify_identity",
    }
)  # fmt: skip
# What PyMySQL makes the others of, and aiomysql is told the outcome of.
RESOLVED: Final = frozenset({"collation", "read_default_file", "read_default_group"})
PYMYSQL_ONLY: Final = frozenset(
    {
        "auth_plugin_map", "binary_prefix", "bind_address", "cursorclass", "max_allowed_packet", "read_timeout",
        "server_public_key", "write_timeout",
    }
)  # fmt: skip
AIOMYSQL_ONLY: Final = frozenset({"async_creator_fn", "auth_plugin", "echo", "loop"})
KNOWN: Final = SAME | TLS | RESOLVED | PYMYSQL_ONLY | AIOMYSQL_ONLY | ADDRESS.keys()
# PyMySQL's own default; aiomysql would wait for ever.
CONNECT_TIMEOUT_S: Final = 10
TLS_REQUIRED: Final = 2026  # CR_SSL_CONNECTION_ERROR of MySQL's clients


def mysql_arguments(
    pair: DriverPair, url: URL, connect_args: Mapping[str, object]
) -> tuple[tuple[URL, dict[str, Any]], tuple[URL, dict[str, Any]], bool]:
    """
    Return the URL and the connect arguments of PyMySQL, those of aiomysql, and whether TLS is required.

    Args:
        pair: The drivers.
        url: As it was given.
        connect_args: Counts more than the URL.

    Raises:
        InvalidConnectArgument: An argument is unknown, malformed or without a twin.
    """
    for name in (*url.query, *connect_args):
        _check(name)
    address = _address(url, connect_args)
    sync = address.set(
        drivername=f"{pair.backend}+{pair.sync}",
        query={name: value for name, value in url.query.items() if name not in {*ADDRESS, "ssl_key_password"}},
    )
    given = {name: value for name, value in connect_args.items() if name not in ADDRESS}
    if "ssl_key_password" in url.query:  # not shown: a URL hides its password only
        given.setdefault("ssl_key_password", url.query["ssl_key_password"])
    resolved = _as_pymysql_reads(sync, given)
    query = {name: value for name, value in sync.query.items() if name in SAME}
    asynchronous = sync.set(drivername=f"{pair.backend}+{pair.asynchronous}", query=query)
    arguments: dict[str, Any] = {"connect_timeout": CONNECT_TIMEOUT_S} if "connect_timeout" not in query else {}
    arguments |= {name: value for name, value in given.items() if name in SAME}
    if "read_default_file" in {*sync.query, *given}:
        asynchronous = asynchronous.set(username=resolved.user, password=resolved.password.decode("latin-1"),
                                        host=resolved.host, port=resolved.port, database=resolved.db)  # fmt: skip
        arguments |= {"unix_socket": resolved.unix_socket, "charset": resolved.charset}
    sql_mode = given.get("sql_mode", query.get("sql_mode"))
    if sql_mode is not None:  # PyMySQL quotes it
        escaped = str(sql_mode).replace("\\", r"\\").replace("'", "''")
        arguments["sql_mode"] = f"'{escaped}'"
    collation = given.get("collation", sync.query.get("collation"))
    if collation is not None:
        arguments |= _collation(str(collation), resolved.charset, taken="init_command" in {*query, *given})
    if resolved.ssl:
        # Without TLS options PyMySQL uses TLS if the server has it, and so does aiomysql once it has a context.
        arguments["ssl"] = resolved.ctx
    required = bool(resolved.ssl) and bool(TLS.intersection(given) or TLS.intersection(sync.query))
    return (sync, given), (asynchronous, arguments), required


def require_tls(connection: Any, _record: object) -> None:
    """Close and refuse a connection that has no TLS: aiomysql goes on without it if the server has none. Listens to "connect"."""
    cursor = connection.cursor()
    cursor.execute("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
    (_, cipher) = cursor.fetchone()
    cursor.close()
    if not cipher:
        connection.close()
        raise import_module("pymysql").err.OperationalError(TLS_REQUIRED, "TLS is required, and the server has none")


def _check(name: str) -> None:
    if name in PYMYSQL_ONLY:
        raise no_twin(name, of="aiomysql")
    if name in AIOMYSQL_ONLY:
        raise no_twin(name, of="PyMySQL")
    if name not in KNOWN:
        near = get_close_matches(name, sorted(KNOWN), n=1)
        meant = f"did you mean {near[0]!r}?" if near else "see docs/reference/database-urls.md for those there are"
        raise refusal(name, f"is unknown: {meant}")


def _address(url: URL, connect_args: Mapping[str, object]) -> URL:
    for source in (url.query, connect_args):
        for name, value in source.items():
            if name not in ADDRESS:
                continue
            if not isinstance(value, str) and not (name == "port" and type(value) is int):
                raise refusal(name, "must be text")
            if name == "port" and not str(value).isdecimal():
                raise refusal(name, "must be a whole number")
            url = url.set(**{ADDRESS[name]: int(value) if name == "port" else value})  # type: ignore[arg-type]  # each word takes what it is given here
    if any(ord(character) > ord("ÿ") for character in url.password or ""):
        raise refusal("password", "has characters outside of Latin-1, which PyMySQL and aiomysql cannot send")
    return url


def _as_pymysql_reads(url: URL, given: Mapping[str, object]) -> Any:
    # PyMySQL itself says which TLS context, account and host its arguments mean. A connection that is not opened shows them as
    # attributes, which its documentation does not list.
    _, options = url.get_dialect()().create_connect_args(url)
    names = {"passwd": "password", "db": "database"}
    merged = {names.get(name, name): value for name, value in {**options, **given}.items()}
    why = ""
    try:
        return import_module("pymysql").connect(**{**merged, "defer_connect": True})
    except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
        # Only what an operating system or OpenSSL says of a file; another text may repeat a value.
        why = str(error) if isinstance(error, OSError) else "PyMySQL refuses the value of one of them"
    names_given = ", ".join(sorted({*url.query, *given}))
    raise refusal(names_given, f"cannot be used: {why}")


def _collation(collation: str, charset: str, *, taken: bool) -> dict[str, str]:
    if not re.fullmatch(r"\w+", collation, re.ASCII):
        raise refusal("collation", "must be a name")
    if taken:
        raise no_twin("collation", of="aiomysql", instead="beside init_command; write SET NAMES ... COLLATE there, or ")
    return {"init_command": f"SET NAMES {charset} COLLATE {collation}"}
