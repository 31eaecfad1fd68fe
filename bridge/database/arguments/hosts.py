"""The servers of a URL, in each of the ways to write several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bridge.database.arguments.refusal import refusal, whole

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["pair_ports", "read_hosts", "read_ports"]

DEFAULT_PORT: Final = 5432
HIGHEST_PORT: Final = 65535


def read_hosts(value: object) -> tuple[list[str], list[str]]:
    """
    Return the hosts of *value*, and their ports if it has any: ``a,b``, or ``a:1`` and ``b:2`` as text or as several values.

    Raises:
        InvalidConnectArgument: It is not text, or one of several is empty.
    """
    hosts, ports = list[str](), list[str]()
    for token in _tokens("host", value):
        host, port = _split(token)
        hosts.append(host)
        ports.append(port)
    if len(hosts) > 1 and not all(hosts):
        raise refusal("host", "has several values, of which one is empty: name each server")
    return hosts, ports if any(ports) else []


def read_ports(value: object) -> list[str]:
    """
    Return the ports of *value*; one may be empty, for the default.

    Raises:
        InvalidConnectArgument: One of them is not a port.
    """
    tokens = _tokens("port", value)
    for token in tokens:
        if token and not 0 < whole("port", token) <= HIGHEST_PORT:
            raise refusal("port", f"must be between 1 and {HIGHEST_PORT}")
    return tokens


def pair_ports(hosts: list[str], ports: list[str]) -> list[str]:
    """
    Return a port for each of several hosts, as libpq does it.

    Raises:
        InvalidConnectArgument: There is neither one port, nor one for each host.
    """
    every = ports or [""]
    if len(every) == 1:
        every = every * len(hosts)
    if len(every) != len(hosts):
        raise refusal("port", f"has {len(every)} values for {len(hosts)} hosts: give one, or one for each")
    return [port or str(DEFAULT_PORT) for port in every]


def _tokens(name: str, value: object) -> list[str]:
    values: Iterable[object] = value if isinstance(value, (list, tuple)) else [value]
    tokens = list[str]()
    for each in values:
        if not isinstance(each, (str, int)) or isinstance(each, bool):
            raise refusal(name, "must be text")
        tokens.extend(part.strip() for part in str(each).split(","))
    return tokens


def _split(token: str) -> tuple[str, str]:
    if token.startswith("["):
        host, _, rest = token[1:].partition("]")
        return host, rest.removeprefix(":")
    # A directory of sockets, or an IPv6 address without brackets, has no port of its own.
    if token.startswith(("/", "@")) or token.count(":") != 1:
        return token, ""
    host, _, port = token.partition(":")
    return host, port
