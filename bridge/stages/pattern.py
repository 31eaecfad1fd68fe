"""Names that stand for several operations, such as ``GET /users/*``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bridge.stages.setting import StageSetting

__all__ = ["SettingLayer", "compiled", "fits", "is_pattern"]

WILDCARD: Final = "*"


def is_pattern(name: str) -> bool:
    """Return whether *name* stands for several operations."""
    return WILDCARD in name


def compiled(name: str) -> re.Pattern[str]:
    """Return what the whole name of an operation has to match for *name*, a name or a pattern, to fit it."""
    return re.compile(".*".join(map(re.escape, name.split(WILDCARD))))


def fits(name: str, operations: Iterable[str]) -> bool:
    """Return whether the pattern *name* fits at least one of *operations*."""
    matches = compiled(name).fullmatch
    return any(matches(operation) for operation in operations)


class SettingLayer:
    """
    Settings from one place, by exact name and by pattern.

    The exact name wins. Of several patterns that fit, the one with the most characters besides its wildcards does, which is the
    narrowest in practice; of two with equally many, the one that comes last in alphabetical order, so that the answer is the same everywhere.
    """

    def __init__(self, settings: Mapping[str, StageSetting]) -> None:
        self._settings = dict(settings)
        patterns = sorted(filter(is_pattern, settings), key=_narrowness, reverse=True)
        self._patterns = [(compiled(name), name) for name in patterns]

    def find(self, operation: str) -> tuple[StageSetting, str] | None:
        """Return the setting for *operation*, and the name it was found under."""
        exact = self._settings.get(operation)
        if exact is not None:
            return exact, operation
        for pattern, name in self._patterns:
            if pattern.fullmatch(operation):
                return self._settings[name], name
        return None


def _narrowness(name: str) -> tuple[int, str]:
    return len(name.replace(WILDCARD, "")), name
