"""What an operation can be set to: a stage, and with a canary the share of callers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from bridge.errors import UnknownStage
from bridge.stages.stage import Stage

__all__ = ["StageSetting"]

CANARY: Final = re.compile(r"canary\s+(?P<percent>\d{1,3}(?:\.\d{1,2})?)\s*%?", re.IGNORECASE)
ALL: Final = 100.0


@dataclass(frozen=True, slots=True)
class StageSetting:
    """
    A stage, and with a canary the share of callers.

    Its text form is what settings and stores hold: ``shadow``, ``canary 25 %``.

    Attributes:
        stage: The stage.
        percent: Callers that the port serves at stage canary, 0 to 100 with at most two decimals; 0 at every other stage.
    """

    stage: Stage
    percent: float = 0.0

    @classmethod
    def parse(cls, value: str | Stage | StageSetting) -> StageSetting:
        """
        Read a setting from its text form.

        Raises:
            UnknownStage: *value* is no stage, or a canary without a share from 0 to 100.
        """
        if isinstance(value, StageSetting):
            return value
        if isinstance(value, str):
            canary = CANARY.fullmatch(value.strip())
            if canary and float(canary["percent"]) <= ALL:
                return cls(Stage.CANARY, float(canary["percent"]))
        stage = Stage.parse(value.strip().lower() if isinstance(value, str) else value)
        if stage is Stage.CANARY:
            msg = f"{value!r} names no share of callers: write for example 'canary 5 %', from 0 to 100"
            raise UnknownStage(msg)
        return cls(stage)

    def __str__(self) -> str:
        return f"canary {self.percent:g} %" if self.stage is Stage.CANARY else self.stage.value
