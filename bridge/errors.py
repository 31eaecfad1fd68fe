"""
Every error that a caller of `bridge` can act on.

The five branches say who has to act: the operator at start-up (`ConfigurationError`), the programmer (`UsageError`), the
client (`RequestRejected`), nobody but the clock (`Unavailable`: retry later), or the author of a port (`ParityMismatch`).
Each leaf has a stable ``code``, which is an anchor in ``docs/reference/errors.md``.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "AdmissionTimeout",
    "BridgeError",
    "CallCycle",
    "CapacityClosed",
    "ClientDisconnected",
    "ConfigurationError",
    "DatabaseUnreachable",
    "DeadlineExceeded",
    "InvalidContentLength",
    "InvalidDatabaseURL",
    "InvalidPoolSize",
    "InvalidWSGIResponse",
    "InvalidWSGISetting",
    "LazyLoadOutsideSession",
    "LegacyIsAsync",
    "LiveObjectReturned",
    "NativeTransactionPending",
    "NotInstalled",
    "NotOnWorker",
    "NotPorted",
    "ParityMismatch",
    "RequestBodyTooLarge",
    "RequestBodyTruncated",
    "RequestRejected",
    "ResponseAborted",
    "ResultIsLazy",
    "RouteShadowed",
    "SignatureMismatch",
    "StopIterationEscaped",
    "TooManyHeaders",
    "TooManyWaiting",
    "Unavailable",
    "UnknownEndpoint",
    "UnknownOperation",
    "UnknownStage",
    "UnsupportedScope",
    "UsageError",
    "WorkStopped",
    "WorkerExit",
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


class InvalidWSGISetting(ConfigurationError):
    """A setting of the WSGI adapter is out of its range."""

    code = "invalid-wsgi-setting"


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


class UnknownEndpoint(ConfigurationError):
    """A route says that it replaces a Flask endpoint that does not exist."""

    code = "unknown-endpoint"


class NotPorted(ConfigurationError):
    """An operation was moved to a stage that needs a native port, and has none."""

    code = "not-ported"


class UsageError(BridgeError):
    """The calling code has a bug; raised while a request is served."""

    code = "usage"


class NotInstalled(UsageError):
    """The bridge was asked about routes before it was put in front of an application."""

    code = "not-installed"


class RouteShadowed(UsageError):
    """FastAPI's routes gave a request to another operation than the one it addresses."""

    code = "route-shadowed"


class LiveObjectReturned(UsageError):
    """A function run on a worker thread returned an object that only lives inside its session."""

    code = "live-object-returned"


class LazyLoadOutsideSession(UsageError):
    """A native port returned an object whose attribute would need SQL that the event loop cannot wait for."""

    code = "lazy-load-outside-session"


class InvalidWSGIResponse(UsageError):
    """A WSGI application answered in a way that PEP 3333 does not allow, or that cannot be sent over HTTP."""

    code = "invalid-wsgi-response"


class ResponseAborted(UsageError):
    """A WSGI application failed after its response had started; raised so that the server closes the connection."""

    code = "response-aborted"


class UnsupportedScope(UsageError):
    """An ASGI server asked for a protocol that a WSGI application cannot speak."""

    code = "unsupported-scope"


class ResultIsLazy(UsageError):
    """A function to run on a worker thread is a generator, whose body would run on the event loop."""

    code = "result-is-lazy"


class StopIterationEscaped(UsageError, RuntimeError):
    """A function run on a worker thread raised `StopIteration`, which no coroutine can pass on (PEP 479)."""

    code = "stop-iteration-escaped"


class WorkerExit(UsageError):
    """A function run on a worker thread raised what would have stopped the event loop: `SystemExit` and the like."""

    code = "worker-exit"


class NotOnWorker(UsageError):
    """Something that only makes sense inside an offloaded call was used outside of one."""

    code = "not-on-worker"


class CallCycle(UsageError):
    """A nested call waits for a token whose holders all wait for this call: nobody could ever go on."""

    code = "call-cycle"


class NativeTransactionPending(UsageError):
    """A bridged call was awaited while a native transaction held uncommitted writes: two connections, one invisible deadlock."""

    code = "native-transaction-pending"


class RequestRejected(BridgeError):
    """The client's request cannot be served as it was sent; answered with *status*, nothing is logged."""

    code = "request-rejected"
    status: ClassVar[int] = 400


class ClientDisconnected(RequestRejected):
    """The client went away before its request or its response was complete."""

    code = "client-disconnected"


class InvalidContentLength(RequestRejected):
    """Content-Length is not a number of bytes, or was given twice with different values."""

    code = "invalid-content-length"


class RequestBodyTruncated(RequestRejected):
    """The body is shorter or longer than its Content-Length."""

    code = "request-body-truncated"


class RequestBodyTooLarge(RequestRejected):
    """The body exceeds the configured maximum."""

    code = "request-body-too-large"
    status = 413


class TooManyHeaders(RequestRejected):
    """The request has more header lines than the configured maximum."""

    code = "too-many-headers"
    status = 431


class Unavailable(BridgeError):
    """Not now; the same request may succeed later. Answered with *status* and ``Retry-After``, in whole seconds."""

    code = "unavailable"
    status: ClassVar[int] = 503
    retry_after: int = 1


class TooManyWaiting(Unavailable):
    """As many calls wait for a token as may wait; this one was refused at once."""

    code = "too-many-waiting"


class AdmissionTimeout(Unavailable):
    """A call waited for a token as long as it may; it never ran."""

    code = "admission-timeout"


class CapacityClosed(Unavailable):
    """A capacity is being shut down and takes no more calls."""

    code = "capacity-closed"


class WorkStopped(Unavailable):
    """Raised on the worker thread: the caller was cancelled or its deadline passed, so the work must not go on."""

    code = "work-stopped"


class DeadlineExceeded(Unavailable):
    """A call ran past its deadline and was stopped. If it *completed* all the same, what it committed is committed."""

    code = "deadline-exceeded"
    status = 504
    completed: bool = False


class ParityMismatch(BridgeError, AssertionError):
    """Two paths of one operation disagree. Raised by tests only."""

    code = "parity-mismatch"
