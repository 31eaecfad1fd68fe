"""Which setting counts for an operation, of all the places that name one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bridge.stages.decision import decision_for_all
from bridge.stages.pattern import SettingLayer
from bridge.stages.setting import StageSetting
from bridge.stages.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bridge.stages.decision import Decision

__all__ = ["NOT_PORTED", "UNREAD", "Rule", "Rules"]


@dataclass(frozen=True, slots=True)
class Rule:
    """
    What counts for one operation.

    Attributes:
        setting: The setting that counts.
        source: Where it comes from, for people to read.
        ported: Whether the operation has a native path.
        decision: What it means for every caller; None where it depends on who asks.
    """

    setting: StageSetting
    source: str
    ported: bool
    decision: Decision | None


def _legacy(source: str, *, ported: bool) -> Rule:
    setting = StageSetting(Stage.LEGACY)
    return Rule(setting, source, ported, decision_for_all(setting))


NOT_PORTED: Final = _legacy("not ported", ported=False)
# Whatever was rolled back there must not come back because the store cannot be asked.
UNREAD: Final = _legacy("the store has not been read yet", ported=True)


class Rules:
    """
    Settings of every place, the strongest first: the store, the settings at start-up, the router, the default.

    In the store and in the settings, an exact name goes before a pattern; see `SettingLayer`.
    """

    def __init__(self, settings: Mapping[str, StageSetting], default: StageSetting) -> None:
        self.store = SettingLayer({})
        self._settings = SettingLayer(settings)
        self._routers: dict[str, StageSetting] = {}
        self._default = default

    def set_router(self, operation: str, setting: StageSetting) -> None:
        """Remember what the router of *operation* says."""
        self._routers[operation] = setting

    def find(self, operation: str) -> Rule:
        """Return what counts for *operation*, which has a native path."""
        setting, source = self._find(operation)
        return Rule(setting, source, ported=True, decision=decision_for_all(setting))

    def _find(self, operation: str) -> tuple[StageSetting, str]:
        for place, layer in (("store", self.store), ("settings", self._settings)):
            found = layer.find(operation)
            if found is not None:
                setting, name = found
                return setting, place if name == operation else f"{place}, {name!r}"
        if operation in self._routers:
            return self._routers[operation], "router"
        return self._default, "default"
