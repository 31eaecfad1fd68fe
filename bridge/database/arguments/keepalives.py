"""TCP keepalives for asyncpg, which has no argument for them."""

from __future__ import annotations

import socket
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["KEEPALIVES", "keepalive_arguments", "socket_options"]

# By libpq's name; what the platform lacks is left out, as libpq does.
KEEPALIVES: Final = ("keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout")
TCP_OPTIONS: Final = {
    "keepalives_idle": getattr(socket, "TCP_KEEPIDLE", getattr(socket, "TCP_KEEPALIVE", None)),
    "keepalives_interval": getattr(socket, "TCP_KEEPINTVL", None),
    "keepalives_count": getattr(socket, "TCP_KEEPCNT", None),
    "tcp_user_timeout": getattr(socket, "TCP_USER_TIMEOUT", None),
}


def socket_options(words: Mapping[str, str]) -> list[tuple[int, int, int]]:
    """
    Return what libpq sets on a TCP socket for these parameters, as arguments of `socket.socket.setsockopt`.

    Args:
        words: Parameters of libpq; those of keepalives are whole numbers.
    """
    numbers = {name: int(words[name]) for name in KEEPALIVES if name in words}
    if not numbers.pop("keepalives", 1):
        return []
    # A negative number is 0 to libpq; the system refuses what it cannot do.
    chosen = ((TCP_OPTIONS[name], max(0, value)) for name, value in numbers.items())
    options = [(socket.IPPROTO_TCP, option, value) for option, value in chosen if option is not None]
    return [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1), *options]


def keepalive_arguments(words: Mapping[str, str]) -> dict[str, Any]:
    """Return the asyncpg arguments that make its sockets be watched as libpq's are, none if *words* asks for nothing."""
    options = socket_options(words)
    if not any(name in words for name in KEEPALIVES) or not options:
        return {}
    base: Any = import_module("asyncpg").Connection

    class WatchedConnection(base):  # type: ignore[misc]  # an optional dependency, so known at run time only
        """A connection whose socket has the options."""

        __slots__ = ()

        def __init__(self, *arguments: Any, **keywords: Any) -> None:
            super().__init__(*arguments, **keywords)
            # asyncpg gives the transport to the class it documents as connection_class, but does not say in which position.
            transport = next(each for each in arguments if hasattr(each, "get_extra_info"))
            sock = transport.get_extra_info("socket")
            if sock.family != socket.AF_UNIX:
                for option in options:
                    sock.setsockopt(*option)

    return {"connection_class": WatchedConnection}
