"""Check one path against another without the caller noticing."""

from bridge.shadow.check import Check, Verdict
from bridge.shadow.difference import Difference, Severity
from bridge.shadow.exchange import Exchange, RecordedRequest, RecordedResponse
from bridge.shadow.writes import RowWrite, WriteKind, WriteSet

__all__ = [
    "Check",
    "Difference",
    "Exchange",
    "RecordedRequest",
    "RecordedResponse",
    "RowWrite",
    "Severity",
    "Verdict",
    "WriteKind",
    "WriteSet",
]
