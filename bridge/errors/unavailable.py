"""The work could not be done now: nobody has to act but the clock."""

from __future__ import annotations

from typing import ClassVar

from bridge.errors.base import BridgeError

__all__ = [
    "AdmissionTimeout",
    "CapacityClosed",
    "DeadlineExceeded",
    "EvidenceRefused",
    "EvidenceStoreUnavailable",
    "SchemaChanged",
    "StageStoreUnavailable",
    "TooManyWaiting",
    "Unavailable",
    "WorkStopped",
]


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


class SchemaChanged(Unavailable):
    """A table was altered while a transaction used it; the transaction is rolled back, and succeeds when it is run again."""

    code = "schema-changed"


class StageStoreUnavailable(Unavailable):
    """The store of the stages cannot be reached or read; the last good stages stand."""

    code = "stage-store-unavailable"


class EvidenceStoreUnavailable(Unavailable):
    """What a port has shown cannot be read or written now; counts wait in memory."""

    code = "evidence-store-unavailable"


class EvidenceRefused(EvidenceStoreUnavailable):
    """What a port has shown does not fit into its store, today or ever; it is left out, so that the rest is counted."""

    code = "evidence-refused"
