"""The calling code has a bug: the programmer has to act."""

from __future__ import annotations

from bridge.errors.base import BridgeError

__all__ = [
    "CallCycle",
    "ChangeThroughStore",
    "ConnectionOutsideCheck",
    "EgressBlocked",
    "InvalidWSGIResponse",
    "JoinedConnectionBusy",
    "LazyLoadOutsideSession",
    "LazyLoadUnderGuard",
    "LiveObjectReturned",
    "NativeTransactionPending",
    "NotInstalled",
    "NotOnWorker",
    "ResponseAborted",
    "ResultIsLazy",
    "RouteShadowed",
    "SessionStateRefused",
    "SessionUnavailable",
    "StopIterationEscaped",
    "UnsupportedScope",
    "UsageError",
    "WorkerExit",
    "WriteInReadOnlyUnit",
]


class UsageError(BridgeError):
    """The calling code has a bug; raised while a request is served."""

    code = "usage"


class NotInstalled(UsageError):
    """The bridge was asked about routes before it was put in front of an application."""

    code = "not-installed"


class SessionUnavailable(UsageError):
    """A route asked for the Flask session, but does not follow a Flask application."""

    code = "session-unavailable"


class RouteShadowed(UsageError):
    """FastAPI's routes gave a request to another operation than the one it addresses."""

    code = "route-shadowed"


class LiveObjectReturned(UsageError):
    """A function run on a worker thread returned an object that only lives inside its session."""

    code = "live-object-returned"


class LazyLoadOutsideSession(UsageError):
    """A native port returned an object whose attribute would need SQL that the event loop cannot wait for."""

    code = "lazy-load-outside-session"


class LazyLoadUnderGuard(UsageError):
    """Guarded synchronous code ran SQL where an `AsyncSession` could not have awaited it."""

    code = "lazy-load-under-guard"


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


class WriteInReadOnlyUnit(UsageError):
    """A unit of work that was opened for reading was to write, to lock rows or to set something; nothing was sent."""

    code = "write-in-read-only-unit"


class SessionStateRefused(UsageError):
    """A statement would have left something in the session of a connection that is shared between transactions."""

    code = "session-state-refused"


class ConnectionOutsideCheck(UsageError):
    """A path whose writes are checked was to use the database in a way that the check could not follow or undo."""

    code = "connection-outside-check"


class JoinedConnectionBusy(UsageError):
    """A path whose writes are checked was to run two units of work at once, on the one connection it has."""

    code = "joined-connection-busy"


class EgressBlocked(UsageError):
    """A path that is being checked was to reach something beyond the database, which nobody could undo; nothing was sent."""

    code = "egress-blocked"


class ChangeThroughStore(UsageError):
    """A stage was set in this process alone, though a store says what it is in every process."""

    code = "change-through-store"
