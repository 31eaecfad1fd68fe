"""Which path serves each operation now."""

from bridge.stages.path import Path
from bridge.stages.stage import Stage
from bridge.stages.store import Stages

__all__ = ["Path", "Stage", "Stages"]
