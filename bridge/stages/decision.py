"""What the stage of an operation means for one request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bridge.stages.setting import ALL, NONE
from bridge.stages.stage import Stage

if TYPE_CHECKING:
    from bridge.stages.setting import StageSetting

__all__ = ["IN_CANARY", "LEGACY", "OUTSIDE_CANARY", "Decision", "decision_for_all"]


@dataclass(frozen=True, slots=True)
class Decision:
    """
    Which side serves one request, and whether the other is checked against it. Made once per request.

    Attributes:
        stage: The stage it follows from.
        native: Whether the port serves; otherwise the legacy path does.
        checks: Whether the path that does not serve may be checked against the one that does.
        overridden: Whether a `StageOverride` chose the side, so that the request says nothing about the stage.
    """

    stage: Stage
    native: bool
    checks: bool
    overridden: bool = False


LEGACY: Final = Decision(Stage.LEGACY, native=False, checks=False)
IN_CANARY: Final = Decision(Stage.CANARY, native=True, checks=False)
OUTSIDE_CANARY: Final = Decision(Stage.CANARY, native=False, checks=False)
OF_STAGE: Final = {
    Stage.LEGACY: LEGACY,
    Stage.SHADOW: Decision(Stage.SHADOW, native=False, checks=True),
    Stage.VERIFY: Decision(Stage.VERIFY, native=True, checks=True),
    Stage.NATIVE: Decision(Stage.NATIVE, native=True, checks=False),
}


def decision_for_all(setting: StageSetting) -> Decision | None:
    """Return what *setting* means for every caller; None where it depends on who asks."""
    if setting.stage is not Stage.CANARY:
        return OF_STAGE[setting.stage]
    return {ALL: IN_CANARY, NONE: OUTSIDE_CANARY}.get(setting.percent)
