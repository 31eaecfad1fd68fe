"""Which path serves each operation, and which is checked against it."""

from bridge.stages.decision import Decision
from bridge.stages.file import FileStageStore
from bridge.stages.memory import MemoryStageStore
from bridge.stages.openfeature import OpenFeatureStageStore
from bridge.stages.override import StageOverride
from bridge.stages.path import Path
from bridge.stages.setting import StageSetting
from bridge.stages.sql import SQLStageStore
from bridge.stages.stage import Stage
from bridge.stages.stages import Stages
from bridge.stages.status import StoreStatus
from bridge.stages.sticky import CallerKey, by_client_address, by_cookie, by_first_of, by_header, by_session
from bridge.stages.store import StageChange, StageEntry, StageStore

__all__ = [
    "CallerKey",
    "Decision",
    "FileStageStore",
    "MemoryStageStore",
    "OpenFeatureStageStore",
    "Path",
    "SQLStageStore",
    "Stage",
    "StageChange",
    "StageEntry",
    "StageOverride",
    "StageSetting",
    "StageStore",
    "Stages",
    "StoreStatus",
    "by_client_address",
    "by_cookie",
    "by_first_of",
    "by_header",
    "by_session",
]
