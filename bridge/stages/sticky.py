"""Who asks: the key by which a canary tells callers apart."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from flask.sessions import SecureCookieSessionInterface
from itsdangerous import BadData

from bridge.errors import ConfigurationError
from bridge.types import Scope

if TYPE_CHECKING:
    from flask import Flask

__all__ = [
    "CallerKey",
    "by_client_address",
    "by_cookie",
    "by_first_of",
    "by_header",
    "by_session",
    "cookie_of",
    "header_of",
]

CallerKey: TypeAlias = Callable[[Scope], str | None]
"""Names the caller of a request, given its ASGI scope; None where nothing does."""

# Sessions and addresses that are remembered at once. To verify a session takes about 60 µs, and to remember one about a kilobyte.
REMEMBERED: Final = 4096
IPV6_INTERFACE_BITS: Final = 64


def by_client_address(scope: Scope) -> str | None:
    """
    Name the caller by its address; by its network of 64 bits where that is IPv6, whose lower half hosts change every day.

    Behind a proxy this is the proxy's address unless the server corrects it, as uvicorn does with ``--proxy-headers``.
    """
    client = scope.get("client")
    return _network(client[0]) if client else None


def by_header(name: str) -> CallerKey:
    """Name the caller by a request header, such as ``X-User-Id``; one that a proxy sets, since a caller could send any."""
    wanted = name.lower().encode("latin-1")
    return lambda scope: header_of(scope, wanted)


def by_cookie(name: str) -> CallerKey:
    """
    Name the caller by the value of a cookie.

    Not by Flask's session cookie, whose value changes whenever the session is saved: that is `by_session`.
    """
    wanted = name.encode("latin-1")
    return lambda scope: cookie_of(scope, wanted)


def by_session(legacy: Flask, key: str) -> CallerKey:
    """
    Name the caller by a value in the Flask session, such as ``_user_id`` of Flask-Login.

    Args:
        legacy: The Flask application, whose session is a signed cookie.
        key: The key of the value in the session.

    Raises:
        ConfigurationError: The application keeps its sessions elsewhere.
    """
    interface = legacy.session_interface
    if not isinstance(interface, SecureCookieSessionInterface):
        msg = (
            f"{type(interface).__name__} keeps sessions outside of the cookie, and a stage is decided without waiting: "
            "use by_cookie with the cookie of the session's id, or a function of your own"
        )
        raise ConfigurationError(msg)

    # Without the expiry: whoever it was is still the same caller.
    @lru_cache(REMEMBERED)
    def read(cookie: str) -> str | None:
        serializer = interface.get_signing_serializer(legacy)
        try:
            session: dict[str, Any] = serializer.loads(cookie) if serializer else {}
        except BadData:
            return None
        value = session.get(key)
        return None if value is None else str(value)

    def caller(scope: Scope) -> str | None:
        cookie = cookie_of(scope, interface.get_cookie_name(legacy).encode("latin-1"))
        return read(cookie) if cookie else None

    return caller


def by_first_of(*keys: CallerKey) -> CallerKey:
    """Name the caller by the first of *keys* that can, for example by the user and, where nobody has logged in, by the address."""

    def caller(scope: Scope) -> str | None:
        for number, key in enumerate(keys):
            found = key(scope)
            if found:
                # A user called 10.0.0.1 is not the host 10.0.0.1.
                return f"{number}\n{found}"
        return None

    return caller


def header_of(scope: Scope, name: bytes) -> str | None:
    """Return the first header of this lower-case *name*."""
    for key, value in scope.get("headers", ()):
        if key == name:
            text: str = value.decode("latin-1")
            return text
    return None


def cookie_of(scope: Scope, name: bytes) -> str | None:
    """Return the raw value of the first cookie of this *name*."""
    for key, value in scope.get("headers", ()):
        if key == b"cookie" and name in value:
            for part in value.split(b";"):
                found, equals, content = part.partition(b"=")
                if equals and found.strip() == name:
                    text: str = content.strip().decode("latin-1")
                    return text
    return None


@lru_cache(REMEMBERED)
def _network(host: str) -> str:
    if ":" not in host:
        return host
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(IPv6Address(int(address) >> IPV6_INTERFACE_BITS << IPV6_INTERFACE_BITS))
