"""What the stage of an operation means for one request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bridge.stages.stage import Stage

__all__ = ["LEGACY", "Decision"]


@dataclass(frozen=True, slots=True)
class Decision:
    """
    Which side serves one request, and whether the other is checked against it. Made once per request.

    Attributes:
        stage: The stage it follows from.
        native: Whether the port serves; otherwise the legacy path does.
        checks: Whether the path that does not serve may be checked against the one that does.
    """

    stage: Stage
    native: bool
    checks: bool


LEGACY: Final = Decision(Stage.LEGACY, native=False, checks=False)
