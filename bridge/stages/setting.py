"""What an operation can be set to: a stage, and with a canary the share of callers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from bridge.errors import UnknownStage
from bridge.stages.stage import Stage

__all__ = ["ALL", "NONE", "StageSetting"]

CANARY: Final = re.compile(r"canary\s+(?P<percent>\d{1,3}(?:\.\d{1,2})?)\s*%?", re.IGNORECASE)
ALL: Final = 100.0
NONE: Final = 0.0


@dataclass(frozen=True, slots=True)
class StageSetting:
    """
    A stage, and with a canary the share of callers.

    Its text form is what settings and stores hold, and how it shows: ``shadow``, ``canary 25 %``.

    Attributes:
        stage: The stage.
        percent: Callers that the port serves at stage canary, 0 to 100 with at most two decimals; 0 at every other stage.

    Raises:
        UnknownStage: *percent* is out of its range.
    """

    stage: Stage
    percent: float = NONE

    def __post_init__(self) -> None:
        if not NONE <= self.percent <= ALL or round(self.percent, 2) != self.percent:
            msg = f"{self.percent!r} is no share of callers: give 0 to 100 percent, with at most two decimals"
            raise UnknownStage(msg)
        if self.percent and self.stage is not Stage.CANARY:
            msg = f"stage '{self.stage.value}' takes no share of callers: only a canary does"
            raise UnknownStage(msg)

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
            if value.strip().lower().startswith(Stage.CANARY.value):
                raise UnknownStage(_no_share(value))
        stage = Stage.parse(value.strip().lower() if isinstance(value, str) else value)
        if stage is Stage.CANARY:
            raise UnknownStage(_no_share(value))
        return cls(stage)

    def __str__(self) -> str:
        return f"canary {self.percent:g} %" if self.stage is Stage.CANARY else self.stage.value

    def __repr__(self) -> str:
        return f"<{self}>"


def _no_share(value: str | Stage) -> str:
    return (
        f"{value!r} names no share of callers: write for example 'canary 5 %', from 0 to 100 with at most two decimals"
    )
