"""A setting is wrong: the operator has to act, at start-up."""

from __future__ import annotations

from bridge.errors.base import BridgeError

__all__ = [
    "BudgetExceeded",
    "ConfigurationError",
    "DatabaseUnreachable",
    "DeclaredTwice",
    "DriverMissing",
    "ExtraMissing",
    "InvalidConnectArgument",
    "InvalidDatabaseURL",
    "InvalidEvidenceSetting",
    "InvalidIgnore",
    "InvalidPoolSize",
    "InvalidShadowSetting",
    "InvalidStopSetting",
    "InvalidWSGISetting",
    "LegacyIsAsync",
    "NotPorted",
    "PromotionRefused",
    "SignatureMismatch",
    "StageConflict",
    "StageStoreReadOnly",
    "TimeZoneUnknown",
    "UnknownEndpoint",
    "UnknownOperation",
    "UnknownStage",
    "WritesNotCheckable",
]


class ConfigurationError(BridgeError):
    """A setting is wrong; raised while the application starts."""

    code = "configuration"


class InvalidDatabaseURL(ConfigurationError):
    """The database URL is missing, malformed, or names a driver that has no counterpart."""

    code = "invalid-database-url"


class DriverMissing(ConfigurationError):
    """The package of a driver that the database URL needs cannot be imported."""

    code = "driver-missing"


class ExtraMissing(ConfigurationError):
    """A feature needs a package that is not installed; the message names the extra that brings it."""

    code = "extra-missing"


class InvalidConnectArgument(ConfigurationError):
    """A connect argument is unknown, malformed, contradictory, or means nothing to one of the two drivers."""

    code = "invalid-connect-argument"


class InvalidPoolSize(ConfigurationError):
    """A pool or capacity was given a size that cannot serve one request."""

    code = "invalid-pool-size"


class InvalidStopSetting(ConfigurationError):
    """A time within which cancelled work has to end is out of its range."""

    code = "invalid-stop-setting"


class DatabaseUnreachable(ConfigurationError):
    """No connection could be opened when the application started."""

    code = "database-unreachable"


class BudgetExceeded(ConfigurationError):
    """All processes together may open more connections than the server or the pooler accepts."""

    code = "budget-exceeded"


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


class DeclaredTwice(ConfigurationError):
    """Two routes have the name of one operation, or two bridges are in front of one application."""

    code = "declared-twice"


class UnknownEndpoint(ConfigurationError):
    """A route says that it replaces a Flask endpoint that does not exist."""

    code = "unknown-endpoint"


class NotPorted(ConfigurationError):
    """An operation was moved to a stage that needs a native port, and has none."""

    code = "not-ported"


class StageConflict(ConfigurationError):
    """A stage was to be changed that somebody else has changed since it was looked at."""

    code = "stage-conflict"


class StageStoreReadOnly(ConfigurationError):
    """A stage was to be changed in a store that only follows what is set elsewhere."""

    code = "stage-store-read-only"


class TimeZoneUnknown(ConfigurationError):
    """The time zone of a database session is not in this machine's database of time zones."""

    code = "time-zone-unknown"


class InvalidIgnore(ConfigurationError):
    """A rule that excuses differences names none, has no reason, or can never apply."""

    code = "invalid-ignore"


class InvalidEvidenceSetting(ConfigurationError):
    """A setting of the evidence, of a promotion, of the guard or of a plan is out of its range."""

    code = "invalid-evidence-setting"


class PromotionRefused(ConfigurationError):
    """
    An operation was to be promoted without enough evidence.

    Attributes:
        assessment: An `Assessment`: each requirement, with its number, its limit and what is missing.
    """

    code = "promotion-refused"

    def __init__(self, message: str, assessment: object = None) -> None:
        super().__init__(message)
        self.assessment = assessment


class InvalidShadowSetting(ConfigurationError):
    """A setting of the comparison, the redaction or the publishing of checks is out of its range."""

    code = "invalid-shadow-setting"


class WritesNotCheckable(ConfigurationError):
    """Writes are to be checked on a database, or of an operation, where nothing could undo those of the candidate."""

    code = "writes-not-checkable"
