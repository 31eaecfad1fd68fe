"""The steps along which an operation is promoted without being asked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from bridge.errors import InvalidEvidenceSetting, UnknownStage
from bridge.evidence.requirements import is_promotion
from bridge.stages import Stage, StageSetting

__all__ = ["Plan"]

ARROW: Final = re.compile(r"→|->")
PERCENT: Final = re.compile(r"(\d{1,3}(?:\.\d{1,2})?)\s*%?")


@dataclass(frozen=True, slots=True)
class Plan:
    """
    The steps along which an operation is promoted without being asked, as soon as it has the evidence for the next one.

    Attributes:
        steps: Settings, each more than the one before.
        hold_s: Seconds that an operation stays at each setting, the one before the first step among them.
    """

    steps: tuple[StageSetting, ...]
    hold_s: float = 600.0

    def __post_init__(self) -> None:
        """
        Check the steps.

        Raises:
            InvalidEvidenceSetting: There is none, one does not go forward, or *hold_s* is negative.
        """
        if not self.steps or self.hold_s < 0:
            msg = f"a plan needs a step and hold_s of at least 0, not {len(self.steps)} steps and hold_s={self.hold_s}"
            raise InvalidEvidenceSetting(msg)
        for before, after in pairwise((StageSetting(Stage.SHADOW), *self.steps)):
            if not is_promotion(before, after):
                msg = f"a plan only goes forward, but '{after}' is not more than '{before}'"
                raise InvalidEvidenceSetting(msg)

    @classmethod
    def parse(cls, text: str, *, hold_s: float = 600.0) -> Plan:
        """
        Read a plan such as ``5 → 25 → 50 → 100 %``; ``->`` is an arrow too, and ``verify`` and ``native`` are steps.

        Args:
            text: Percentages of a canary, and stages.
            hold_s: Seconds at each setting.

        Raises:
            InvalidEvidenceSetting: A step is neither, or does not go forward.
        """
        return cls(tuple(_step(part.strip(), text) for part in ARROW.split(text)), hold_s)

    def after(self, setting: StageSetting) -> StageSetting | None:
        """Return the step that follows *setting*; None at stage legacy, where nobody has begun, and at the end."""
        if setting.stage is Stage.LEGACY:
            return None
        return next((step for step in self.steps if is_promotion(setting, step)), None)

    def __str__(self) -> str:
        return " → ".join(str(step) for step in self.steps) + f", {self.hold_s:g} s each"


def _step(part: str, text: str) -> StageSetting:
    percent = PERCENT.fullmatch(part)
    try:
        return StageSetting.parse(f"canary {percent[1]} %" if percent else part)
    except UnknownStage as error:
        msg = f"the plan {text!r} has the step {part!r}: write percentages and stages, such as '5 → 25 → 100 % → verify → native'"
        raise InvalidEvidenceSetting(msg) from error
