"""What the guard makes of its looks at one operation."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from bridge.evidence.look import Health
from bridge.stages import Stage

if TYPE_CHECKING:
    from bridge.evidence.guard_settings import GuardSettings
    from bridge.evidence.look import Look
    from bridge.evidence.plan import Plan
    from bridge.stages import StageSetting

__all__ = ["GUARDED", "Move", "Situation", "Watch"]

GUARDED = frozenset({Stage.CANARY, Stage.VERIFY, Stage.NATIVE})


class Move(Enum):
    """
    What is to be done with an operation.

    Attributes:
        NOTHING: Leave it.
        ROLL_BACK: Move it back.
        PROMOTE: Move it to the next step of the plan, if it has the evidence.
    """

    NOTHING = "nothing"
    ROLL_BACK = "roll_back"
    PROMOTE = "promote"


@dataclass(frozen=True, slots=True)
class Situation:
    """
    Where an operation stands when the guard looks.

    Attributes:
        setting: Its setting.
        unchanged_s: Seconds since it was changed last.
        held_s: Seconds for which it is still held after a roll-back.
        rolled_back: Whether the guard has rolled back this version, and nobody has promoted it since.
    """

    setting: StageSetting
    unchanged_s: float
    held_s: float = 0.0
    rolled_back: bool = False


class Watch:
    """
    What the guard makes of its looks at one operation: a roll-back after some breaches in a row, a promotion after a healthy look.

    An inconclusive look ends no row of breaches, and promotes nothing.
    """

    def __init__(self, settings: GuardSettings, plan: Plan | None) -> None:
        self._settings = settings
        self._plan = plan
        self._breaches = 0

    def decide(self, look: Look | None, situation: Situation) -> Move:
        """
        Return what is to be done.

        Args:
            look: What the guard sees; None where the port serves nobody.
            situation: Where the operation stands.
        """
        if situation.setting.stage in GUARDED:
            if look is None or look.health is Health.INCONCLUSIVE:
                return Move.NOTHING
            self._breaches = self._breaches + 1 if look.health is Health.BREACHED else 0
            if self._breaches >= self._settings.breaches:
                return Move.ROLL_BACK
            if self._breaches:
                return Move.NOTHING
        else:
            self._breaches = 0
        return Move.PROMOTE if self._is_due(situation) else Move.NOTHING

    def changed(self) -> None:
        """Forget the breaches: the operation is at another setting now."""
        self._breaches = 0

    def _is_due(self, situation: Situation) -> bool:
        if self._plan is None or situation.held_s > 0 or (situation.rolled_back and not self._settings.retry):
            return False
        return self._plan.after(situation.setting) is not None and situation.unchanged_s >= self._plan.hold_s
