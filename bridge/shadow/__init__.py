"""Check one path against another without the caller noticing."""

from bridge.shadow.check import Check, Verdict
from bridge.shadow.comparing import (
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
from bridge.shadow.exchange import Exchange, RecordedRequest, RecordedResponse
from bridge.shadow.writes import RowWrite, WriteKind, WriteSet

__all__ = [
    "QUIET",
    "Check",
    "CompareOptions",
    "Difference",
    "Exchange",
    "Ignore",
    "Noise",
    "RecordedRequest",
    "RecordedResponse",
    "RowWrite",
    "Severity",
    "Verdict",
    "WriteKind",
    "WriteSet",
    "compare",
    "describe",
    "noise",
    "summarise",
    "verdict_of",
]
