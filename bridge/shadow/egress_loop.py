"""Have the methods of an event loop that reach out ask first, whatever the loop is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol
from weakref import WeakSet

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Iterable

__all__ = ["guard_loop"]


class Guard(Protocol):
    """Tells what may be reached."""

    def connect(self, address: Any) -> None:
        """Raise if *address* may not be reached."""

    def resolve(self, host: Any, port: Any) -> bool:
        """Raise if *host* may not be resolved; return whether what is found has to be allowed."""

    def allow(self, found: Iterable[Any]) -> None:
        """Allow what a name was resolved to."""

    def refuse(self, what: str) -> None:
        """Raise."""


GUARDED: Final[WeakSet[asyncio.AbstractEventLoop]] = WeakSet()


def guard_loop(loop: asyncio.AbstractEventLoop, current: Callable[[], Guard | None]) -> None:
    """
    Have *loop* ask before it connects, resolves a name or starts a process; once is enough.

    Args:
        loop: The running event loop.
        current: Returns who is asked by the task of the moment; None is nobody.
    """
    if loop in GUARDED:
        return
    GUARDED.add(loop)
    for name, judge in JUDGES.items():
        setattr(loop, name, _asking(getattr(loop, name), judge, current))
    loop.getaddrinfo = _resolving(loop.getaddrinfo, current)  # type: ignore[assignment, method-assign]  # asyncio and uvloop pass on what they do not know


def _asking(
    method: Callable[..., Awaitable[Any]],
    judge: Callable[[Guard, tuple[Any, ...], dict[str, Any]], None],
    current: Callable[[], Guard | None],
) -> Callable[..., Awaitable[Any]]:
    async def asking(*arguments: Any, **named: Any) -> Any:
        guard = current()
        if guard is not None:
            judge(guard, arguments, named)
        return await method(*arguments, **named)

    return asking


def _resolving(
    method: Callable[..., Awaitable[Any]], current: Callable[[], Guard | None]
) -> Callable[..., Awaitable[Any]]:
    async def resolving(host: Any, port: Any, **named: Any) -> Any:
        guard = current()
        named_host = guard is not None and host is not None and guard.resolve(host, port)
        found = await method(host, port, **named)
        if guard is not None and named_host:
            guard.allow(found)
        return found

    return resolving


def _connection(guard: Guard, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    host = named.get("host", arguments[1] if len(arguments) > 1 else None)
    port = named.get("port", arguments[2] if len(arguments) > 2 else None)  # noqa: PLR2004  (protocol_factory, host, port)
    if host is not None:  # else a socket that is connected
        guard.connect((host, port))


def _unix(guard: Guard, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    path = named.get("path", arguments[1] if len(arguments) > 1 else None)
    if path is not None:
        guard.connect(path)


def _datagrams(guard: Guard, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    remote = named.get("remote_addr", arguments[2] if len(arguments) > 2 else None)  # noqa: PLR2004  (protocol_factory, local, remote)
    if remote is not None:
        guard.connect(remote)


def _socket(guard: Guard, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    guard.connect(named.get("address", arguments[-1]))


def _process(guard: Guard, arguments: tuple[Any, ...], _named: dict[str, Any]) -> None:
    guard.refuse(f"another process ({arguments[1]})")


JUDGES: Final[dict[str, Callable[[Guard, tuple[Any, ...], dict[str, Any]], None]]] = {
    "create_connection": _connection,
    "create_unix_connection": _unix,
    "create_datagram_endpoint": _datagrams,
    "sock_connect": _socket,
    "subprocess_exec": _process,
    "subprocess_shell": _process,
}
