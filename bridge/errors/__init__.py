"""
Every error that a caller of `bridge` can act on.

The five branches say who has to act: the operator at start-up (`ConfigurationError`), the programmer (`UsageError`), the
client (`RequestRejected`), nobody but the clock (`Unavailable`: retry later), or the author of a port (`ParityMismatch`).
Each leaf has a stable ``code``, which is an anchor in ``docs/reference/errors.md``.
"""

from bridge.errors.base import BridgeError
from bridge.errors.configuration import (
    ConfigurationError,
    DatabaseUnreachable,
    InvalidDatabaseURL,
    InvalidPoolSize,
    InvalidWSGISetting,
    LegacyIsAsync,
    NotPorted,
    SignatureMismatch,
    UnknownEndpoint,
    UnknownOperation,
    UnknownStage,
)
from bridge.errors.parity import ParityMismatch
from bridge.errors.rejected import (
    ClientDisconnected,
    InvalidContentLength,
    RequestBodyTooLarge,
    RequestBodyTruncated,
    RequestRejected,
    TooManyHeaders,
)
from bridge.errors.unavailable import (
    AdmissionTimeout,
    CapacityClosed,
    DeadlineExceeded,
    TooManyWaiting,
    Unavailable,
    WorkStopped,
)
from bridge.errors.usage import (
    CallCycle,
    InvalidWSGIResponse,
    LazyLoadOutsideSession,
    LazyLoadUnderGuard,
    LiveObjectReturned,
    NativeTransactionPending,
    NotInstalled,
    NotOnWorker,
    ResponseAborted,
    ResultIsLazy,
    RouteShadowed,
    SessionUnavailable,
    StopIterationEscaped,
    UnsupportedScope,
    UsageError,
    WorkerExit,
)

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
    "LazyLoadUnderGuard",
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
    "SessionUnavailable",
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
