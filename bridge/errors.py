"""
Every error that a caller of `bridge` can act on.

The four branches say who has to act: the operator at start-up (`ConfigurationError`), the programmer (`UsageError`), nobody
but the clock (`Unavailable`: retry later), or the author of a port (`ParityMismatch`). Each leaf has a stable ``code``,
which is an anchor in ``docs/reference/errors.md``.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "BridgeError",
    "ConfigurationError",
    "DatabaseUnreachable",
    "InvalidDatabaseURL",
    "InvalidPoolSize",
    "LazyLoadOutsideSession",
    "LegacyIsAsync",
    "LiveObjectReturned",
    "NotPorted",
    "ParityMismatch",
    "SignatureMismatch",
    "Unavailable",
    "UnknownOperation",
    "UnknownStage",
    "UsageError",
]


class BridgeError(Exception):
    """Base of every error this library raises on purpose."""

    code: ClassVar[str] = "bridge-error"

    def __str__(self) -> str:
        return f"{super().__str__()} [{self.code}]"


class ConfigurationError(BridgeError):
    """A setting is wrong; raised while the application starts."""

    code = "configuration"


class InvalidDatabaseURL(ConfigurationError):
    """The database URL is missing, malformed, or names a driver that has no counterpart."""

    code = "invalid-database-url"


class InvalidPoolSize(ConfigurationError):
    """A pool or capacity was given a size that cannot serve one request."""

    code = "invalid-pool-size"


class DatabaseUnreachable(ConfigurationError):
    """No connection could be opened when the application started."""

    code = "database-unreachable"


class SignatureMismatch(ConfigurationError):
    """A native port does not take the parameters of the legacy function it replaces."""

    code = "signature-mismatch"


class LegacyIsAsync(ConfigurationError):
    """A function given as the legacy path is asynchronous, so it cannot run on a worker thread."""

    code = "legacy-is-async"


class UnknownStage(ConfigurationError):
    """A stage was named that does not exist."""

    code = "unknown-stage"


class UnknownOperation(ConfigurationError):
    """A stage was set for an operation that no route declares."""

    code = "unknown-operation"


class NotPorted(ConfigurationError):
    """An operation was moved to a stage that needs a native port, and has none."""

    code = "not-ported"


class UsageError(BridgeError):
    """The calling code has a bug; raised while a request is served."""

    code = "usage"


class LiveObjectReturned(UsageError):
    """A function run on a worker thread returned an object that only lives inside its session."""

    code = "live-object-returned"


class LazyLoadOutsideSession(UsageError):
    """A native port returned an object whose attribute would need SQL that the event loop cannot wait for."""

    code = "lazy-load-outside-session"


class Unavailable(BridgeError):
    """The work could not be done now; the same request may succeed later."""

    code = "unavailable"


class ParityMismatch(BridgeError, AssertionError):
    """Two paths of one operation disagree. Raised by tests only."""

    code = "parity-mismatch"
