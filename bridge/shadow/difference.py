"""One place where two exchanges disagree."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["Difference", "Severity"]


class Severity(Enum):
    """How much a difference matters to a client."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Difference:
    """
    One place where two exchanges disagree, named by the rule that recognised it.

    Attributes:
        rule: The rule, such as ``json.datetime.http_date``.
        severity: How much it matters.
        where: The place, such as ``$.items[3].created_at``, ``header content-type``, ``posts[id=7].title``.
        control: What the control has there, as text; None where it has nothing.
        candidate: What the candidate has there, as text; None where it has nothing.
        remedy: The shim or the line that mends it.
        excused: Why it does not count: the reason of the ignore rule, or noise; None where it counts.
    """

    rule: str
    severity: Severity
    where: str
    control: str | None
    candidate: str | None
    remedy: str
    excused: str | None = None
