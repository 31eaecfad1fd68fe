"""What this version can follow of what a store holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from bridge.errors import UnknownStage
from bridge.stages.pattern import fits, is_pattern
from bridge.stages.setting import StageSetting
from bridge.stages.stage import Stage
from bridge.stages.store import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bridge.stages.store import StageEntry

__all__ = ["Reading", "read_entries", "with_own"]

LONGEST_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class Reading:
    """
    What a store says.

    Attributes:
        settings: The setting to follow, by name or pattern.
        ignored: Why an entry is not followed, by name or pattern.
    """

    settings: Mapping[str, StageSetting] = field(default_factory=dict)
    ignored: Mapping[str, str] = field(default_factory=dict)


def read_entries(
    entries: Mapping[str, StageEntry], ported: Mapping[str, bool], before: Mapping[str, StageSetting] | None
) -> Reading:
    """
    Read what can be read, and say what cannot.

    Args:
        entries: What the store holds.
        ported: Whether an operation has a native path, by name.
        before: The settings that were read before, of which the last good one stands where there is now none that can be read. None
            for the first reading: what cannot be read is at legacy then.
    """
    settings: dict[str, StageSetting] = {}
    ignored: dict[str, str] = {}
    for name, entry in entries.items():
        if entry.setting == DEFAULT:
            continue
        try:
            setting = StageSetting.parse(entry.setting)
        except UnknownStage:
            ignored[name] = f"{entry.setting[:LONGEST_SHOWN]!r} is no stage, so the last good one stands"
            good = StageSetting(Stage.LEGACY) if before is None else before.get(name)
            if good is not None:
                settings[name] = good
            continue
        settings[name] = setting
        reason = _unusable(name, setting, ported)
        if reason:
            ignored[name] = reason
    return Reading(settings, ignored)


def with_own(entries: Mapping[str, StageEntry], own: Mapping[str, StageEntry]) -> dict[str, StageEntry]:
    """Return *entries* of a store, and those of this process's *own* changes that the store has not shown yet."""
    newer = {name: own[name] for name in own if name not in entries or entries[name].version < own[name].version}
    return {**entries, **newer}


def _unusable(name: str, setting: StageSetting, ported: Mapping[str, bool]) -> str | None:
    if is_pattern(name):
        return None if fits(name, ported) else "no route declares an operation that it fits"
    if name not in ported:
        return "no route declares this operation"
    if setting.stage.needs_port and not ported[name]:
        return f"the operation has no native port, so it cannot be at '{setting}'"
    return None
