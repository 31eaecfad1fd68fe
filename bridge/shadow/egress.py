"""
Keep a path that is checked from reaching anything beyond the database.

Python tells an audit hook of every connection that Python code opens, of names that it resolves and of processes that it starts. The
hook cannot be taken away again, but asks a context variable first: other requests of the process pass. Event loops may connect
without Python's sockets, as uvloop does, so their methods ask, too.

Not seen: connections that are already open, C libraries that open their own, such as libcurl's, and threads that the path starts without its
context, such as those of ``loop.run_in_executor``.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from contextlib import contextmanager
from contextvars import ContextVar
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final

from bridge.errors import EgressBlocked
from bridge.shadow.egress_loop import guard_loop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["Egress", "egress_guard"]

Address = tuple[str, int | None]


class Egress:
    """
    What one path may reach, and what it tried to.

    Attributes:
        blocked: What it was kept from, in order, such as ``api.example.com:443``; each was an `EgressBlocked` error in the path as well.
    """

    def __init__(self, allowed: Iterable[str]) -> None:
        """
        Args:
            allowed: ``host``, ``host:port``, or the path of a Unix socket.
        """
        self.blocked: list[str] = []
        self._allowed = set(map(_parse, allowed))

    def connect(self, address: Any) -> None:
        """
        Let a connection to *address*, as `socket.socket.connect` takes it, be opened.

        Raises:
            EgressBlocked: It is not allowed.
        """
        host, port = _plain(address)
        if not self.permits(host, port):
            self.refuse(host if port is None else f"{host}:{port}")

    def resolve(self, host: Any, port: Any) -> bool:
        """
        Let the name of a host be resolved.

        Returns:
            Whether its addresses have to be allowed as well; those of a literal address are.

        Raises:
            EgressBlocked: It is not allowed.
        """
        name = _text(host)
        if name in {"", "0.0.0.0", "::"}:  # noqa: S104 - to listen there is no egress
            return False
        if not self.permits(name, _number(port)):
            self.refuse(name if port in {None, 0, ""} else f"{name}:{port}")
        return not _is_address(name)

    def allow(self, found: Iterable[Any]) -> None:
        """Allow the addresses that an allowed name was resolved to: *found*, as `socket.getaddrinfo` returns it."""
        self._allowed.update((address[0], address[1] or None) for *_, address in found)

    def permits(self, host: str, port: int | None) -> bool:
        """Return whether *host* may be reached, at *port*, or at any that is allowed where that is None."""
        name = host.lower()
        if port is None:
            return any(name == allowed for allowed, _ in self._allowed)
        return (name, None) in self._allowed or (name, port) in self._allowed

    def refuse(self, what: str) -> None:
        """
        Raises:
            EgressBlocked: Always.
        """
        self.blocked.append(what)
        msg = (
            f"a path that is being checked was to reach {what}, which nobody could undo: have it called outside of the checked function, "
            "allow it with CheckSettings(allowed_hosts=...), or do not check this operation"
        )
        raise EgressBlocked(msg)


CURRENT: Final[ContextVar[Egress | None]] = ContextVar("bridge.shadow.egress", default=None)


@contextmanager
def egress_guard(allowed: Iterable[str] = ()) -> Iterator[Egress]:
    """
    Have the block, and the tasks and threads that get its context, reach nothing but what is *allowed*.

    Args:
        allowed: ``host``, ``host:port``, or the path of a Unix socket.
    """
    _Hook.install()
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        pass
    else:
        guard_loop(loop, CURRENT.get)
    egress, before = Egress(allowed), CURRENT.get()
    CURRENT.set(egress)
    try:
        yield egress
    finally:
        CURRENT.set(before)


class _Hook:
    installed = False

    @classmethod
    def install(cls) -> None:
        if not cls.installed:
            cls.installed = True
            sys.addaudithook(_audit)


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    # Called for every event of the process: whatever is not one of these has to leave at once.
    judge = JUDGES.get(event)
    if judge is not None:
        egress = CURRENT.get()
        if egress is not None:
            judge(egress, arguments)


def _connect(egress: Egress, arguments: tuple[Any, ...]) -> None:
    egress.connect(arguments[1])


def _send(egress: Egress, arguments: tuple[Any, ...]) -> None:
    if arguments[1] is not None:  # sendmsg() on a connected socket
        egress.connect(arguments[1])


def _resolve(egress: Egress, arguments: tuple[Any, ...]) -> None:
    host, port = arguments[0], arguments[1] if len(arguments) > 1 else None
    if host is None or not egress.resolve(host, port):
        return
    # The caller is about to do the same, and to connect to what it gets.
    CURRENT.set(None)
    try:
        egress.allow(socket.getaddrinfo(host, port))
    except OSError:
        return
    finally:
        CURRENT.set(egress)


def _start(egress: Egress, arguments: tuple[Any, ...]) -> None:
    egress.refuse(f"another process ({_text(arguments[0])})" if arguments else "another process")


JUDGES: Final[dict[str, Callable[[Egress, tuple[Any, ...]], None]]] = {
    "socket.connect": _connect,
    "socket.sendto": _send,
    "socket.sendmsg": _send,
    "socket.getaddrinfo": _resolve,
    "socket.gethostbyname": _resolve,
    "subprocess.Popen": _start,
    "os.system": _start,
    "os.posix_spawn": _start,
    "os.exec": _start,
    "os.fork": _start,
    "os.forkpty": _start,
}


def _parse(allowed: str) -> Address:
    host, colon, port = allowed.rpartition(":")
    if colon and port.isdigit() and not _is_address(allowed):
        return host.strip("[]").lower(), int(port)
    return allowed.strip("[]").lower(), None


def _plain(address: Any) -> Address:
    if isinstance(address, tuple):
        return _text(address[0]), _number(address[1])
    return _text(address), None


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _number(port: Any) -> int | None:
    if isinstance(port, (str, bytes)):
        return int(port) if port.isdigit() else None
    return port or None


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
