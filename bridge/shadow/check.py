"""What came of checking one request."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.shadow.difference import Difference
    from bridge.shadow.exchange import Exchange

__all__ = ["Check", "Verdict"]


class Verdict(Enum):
    """
    What came of a check.

    Attributes:
        MATCHED: Both paths did the same.
        EXCUSED: They differ only in what an ignore rule or noise excuses.
        MISMATCHED: They differ.
        NOT_COMPARABLE: Nobody can tell; the check says why.
    """

    MATCHED = "matched"
    EXCUSED = "excused"
    MISMATCHED = "mismatched"
    NOT_COMPARABLE = "not_comparable"


@dataclass(frozen=True, slots=True)
class Check:
    """
    One request, performed on both paths, and how they compare.

    Attributes:
        operation: The operation it addressed.
        control: The exchange of the path that served.
        candidate: The exchange of the path that is checked.
        verdict: What came of it.
        differences: Where they disagree, excused or not.
        reason: Why they cannot be compared, or not in everything; None where they can.
    """

    operation: str
    control: Exchange
    candidate: Exchange
    verdict: Verdict
    differences: tuple[Difference, ...] = ()
    reason: str | None = None
