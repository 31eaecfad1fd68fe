"""One kind of difference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.shadow.difference import Severity

__all__ = ["Rule"]


@dataclass(frozen=True, slots=True)
class Rule:
    """
    One kind of difference, with an example of it.

    Attributes:
        name: Its stable name, such as ``json.datetime.http_date``.
        severity: How much it matters to a client.
        says: What it means.
        remedy: The shim or the line that mends it.
        control: The example: what the control has. A body, a status, a header, or a write, as the first word of the name says.
        candidate: The example: what the candidate has.
        varies: Whether two runs of one path may differ so. Noise of one such rule excuses all of them in the same place.
        request: The example: what was asked.
    """

    name: str
    severity: Severity
    says: str
    remedy: str
    control: str
    candidate: str
    varies: bool = False
    request: str = "GET /things"
