"""Check one path against another without the caller noticing."""

from bridge.shadow.arbiter import Arbiter, ReadToCheck
from bridge.shadow.check import Check, Verdict
from bridge.shadow.checker import Checker, CheckStatistics
from bridge.shadow.comparing import (
    COMPARED_HEADERS,
    QUIET,
    CompareOptions,
    Ignore,
    Noise,
    compare,
    describe,
    noise,
    summarise,
    verdict_of,
)
from bridge.shadow.difference import Difference, Severity
from bridge.shadow.egress import Egress, egress_guard
from bridge.shadow.exchange import Exchange, RecordedRequest, RecordedResponse
from bridge.shadow.load import Load
from bridge.shadow.publishing import (
    CallbackPublisher,
    DifferenceGroup,
    LogPublisher,
    Publisher,
    Publishing,
    PublishStatistics,
    Retention,
    SQLPublisher,
)
from bridge.shadow.recorder import Recorder
from bridge.shadow.redacting import Redaction, redact
from bridge.shadow.replay import call_asgi
from bridge.shadow.settings import CheckOptions, CheckSettings
from bridge.shadow.write_capture import WriteCapture
from bridge.shadow.write_check import WriteChecker, WriteToCheck
from bridge.shadow.writes import RowWrite, WriteKind, WriteSet

__all__ = [
    "COMPARED_HEADERS",
    "QUIET",
    "Arbiter",
    "CallbackPublisher",
    "Check",
    "CheckOptions",
    "CheckSettings",
    "CheckStatistics",
    "Checker",
    "CompareOptions",
    "Difference",
    "DifferenceGroup",
    "Egress",
    "Exchange",
    "Ignore",
    "Load",
    "LogPublisher",
    "Noise",
    "PublishStatistics",
    "Publisher",
    "Publishing",
    "ReadToCheck",
    "RecordedRequest",
    "RecordedResponse",
    "Recorder",
    "Redaction",
    "Retention",
    "RowWrite",
    "SQLPublisher",
    "Severity",
    "Verdict",
    "WriteCapture",
    "WriteChecker",
    "WriteKind",
    "WriteSet",
    "WriteToCheck",
    "call_asgi",
    "compare",
    "describe",
    "egress_guard",
    "noise",
    "redact",
    "summarise",
    "verdict_of",
]
