"""Which path serves each operation, and which is checked against it."""

from bridge.stages.decision import Decision
from bridge.stages.path import Path
from bridge.stages.setting import StageSetting
from bridge.stages.stage import Stage
from bridge.stages.stages import Stages
from bridge.stages.store import StageChange, StageEntry, StageStore

__all__ = ["Decision", "Path", "Stage", "StageChange", "StageEntry", "StageSetting", "StageStore", "Stages"]
