"""Say in asyncpg's words what was asked for in libpq's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from bridge.database.arguments.keepalives import KEEPALIVES, keepalive_arguments
from bridge.database.arguments.options import parse_options
from bridge.database.arguments.refusal import no_twin, refusal
from bridge.database.arguments.words import ADDRESS, CLIENT_SETTINGS, NEUTRAL, SAME_IN_ASYNCPG, TLS_FILES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bridge.database.arguments.reading import Arguments

__all__ = ["asyncpg_arguments"]

INSTEAD = {
    "hostaddr": "write the address as the host; or ",
    "require_auth": "let the server's pg_hba.conf choose the method; or ",
    "sslcrldir": "name one file with sslcrl; or ",
}


def asyncpg_arguments(wanted: Arguments) -> dict[str, Any]:
    """
    Return the keyword arguments of `asyncpg.connect` for *wanted*, without its address.

    Raises:
        InvalidConnectArgument: asyncpg has nothing for one of them.
    """
    words = wanted.words
    handled = ADDRESS | SAME_IN_ASYNCPG | CLIENT_SETTINGS | set(TLS_FILES) | set(KEEPALIVES)
    handled |= {"connect_timeout", "fallback_application_name", "options", "service", "servicefile", "sslmode"}
    for name in words.keys() - handled:
        if words[name] not in NEUTRAL.get(name, ()):
            raise no_twin(name, of="asyncpg", instead=INSTEAD.get(name, ""))
    arguments: dict[str, Any] = {name: words[name] for name in sorted(SAME_IN_ASYNCPG & words.keys())}
    settings = _server_settings(wanted)
    if settings:
        arguments["server_settings"] = settings
    if "connect_timeout" in words:
        # libpq's 0 is no limit; asyncpg's own default is 60 seconds.
        arguments["timeout"] = float(words["connect_timeout"]) or None
    return arguments | _tls(words) | keepalive_arguments(words) | wanted.asyncpg


def _server_settings(wanted: Arguments) -> dict[str, str]:
    words = wanted.words
    settings = dict[str, str]()
    if "options" in words:
        parsed = parse_options(words["options"])
        # The server reads other switches, and reports what is wrong with them, as it does for libpq.
        settings = {"options": words["options"]} if parsed is None else parsed
    settings |= wanted.settings
    name = words.get("application_name") or words.get("fallback_application_name")
    if name:
        settings["application_name"] = name
    if "client_encoding" in words:
        if words["client_encoding"] == "auto":
            raise refusal(
                "client_encoding", "'auto' has no twin in asyncpg: name the encoding, for example client_encoding=utf8"
            )
        settings["client_encoding"] = words["client_encoding"]
    return settings


def _tls(words: Mapping[str, str]) -> dict[str, Any]:
    files = {name: words[name] for name in TLS_FILES if name in words}
    mode = words.get("sslmode")
    if files.get("sslrootcert") == "system":
        if mode not in {None, "verify-full"}:
            raise refusal("sslrootcert", "'system' needs sslmode=verify-full")
        if files.keys() != {"sslrootcert"}:
            other = min(files.keys() - {"sslrootcert"})
            raise no_twin(other, of="asyncpg", instead="beside sslrootcert=system; name a file of certificates, or ")
        return {"ssl": True}
    arguments: dict[str, Any] = {"ssl": mode} if mode else {}
    if files:
        # asyncpg takes them as parts of a URL only; what else the URL could say, it is told by keyword.
        arguments["dsn"] = f"postgresql://?{urlencode(files)}"
    return arguments
