"""Checks as rows, and rows as what people ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bridge.shadow.comparing import general
from bridge.shadow.difference import Difference, Severity
from bridge.shadow.publishing.tables import LONGEST_NAME, LONGEST_PLACE, LONGEST_TARGET

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Row

    from bridge.shadow.check import Check

__all__ = ["DifferenceGroup", "check_row", "difference_of", "difference_rows"]


@dataclass(frozen=True, slots=True)
class DifferenceGroup:
    """
    Differences of one operation, one rule and one kind of place, in all checks that are kept.

    Attributes:
        operation: The operation.
        where: The place, with a star for every index: ``$.items[*].created_at``.
        count: How many there are.
        checks: In how many checks.
        first_seen: When the first was found.
        last_seen: When the last was found.
        example: The last of them.
        request: Method and target of the last of them.
    """

    operation: str
    where: str
    count: int
    checks: int
    first_seen: datetime
    last_seen: datetime
    example: Difference
    request: str


def check_row(check: Check) -> dict[str, Any]:
    """Return the row of a check."""
    request = check.control.request
    row: dict[str, Any] = {
        "checked_at": check.control.started,
        "operation": check.operation[:LONGEST_NAME],
        "verdict": check.verdict.value,
        "reason": check.reason,
        "method": request.method[:20],
        "target": request.target[:LONGEST_TARGET].replace("\0", "\\x00"),
    }
    for side, exchange in (("control", check.control), ("candidate", check.candidate)):
        row[f"{side}_path"] = exchange.path.value
        row[f"{side}_status"] = exchange.response.status if exchange.response else None
        row[f"{side}_s"] = exchange.elapsed_s
    return row


def difference_rows(check: Check, check_id: int) -> list[dict[str, Any]]:
    """Return the rows of the differences of a check."""
    return [
        {
            "check_id": check_id,
            "operation": check.operation[:LONGEST_NAME],
            "checked_at": check.control.started,
            "rule": each.rule,
            "severity": each.severity.value,
            "place": each.where,
            "kind_of_place": general(each.where)[:LONGEST_PLACE],
            "control": each.control,
            "candidate": each.candidate,
            "remedy": each.remedy,
            "excused": each.excused,
        }
        for each in check.differences
    ]


def difference_of(row: Row[Any]) -> Difference:
    """Return the difference that a row holds."""
    severity = Severity(row.severity)
    return Difference(row.rule, severity, row.place, row.control, row.candidate, row.remedy, row.excused)
