"""How evidence is gathered."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from bridge.errors import InvalidEvidenceSetting

__all__ = ["ChangedHandler", "EvidenceSettings"]


class ChangedHandler(Enum):
    """
    What becomes of an operation whose port, or legacy side, is not the one that its stage was granted for.

    Attributes:
        SHADOW: It falls back to shadow, in the whole cluster.
        WARN: It stays, and a warning is logged.
    """

    SHADOW = "shadow"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class EvidenceSettings:
    """
    How evidence is gathered.

    Attributes:
        flush_every: Seconds between two batches of a process.
        window: Seconds that are counted together; the guard looks at whole windows.
        keep_windows: Seconds for which windows are kept apart; more than the guard's. What is older is in the totals only.
        keep_totals: Seconds for which the totals of a version are kept that is no longer counted.
        max_pending: Counters that a process holds while the store cannot be reached; what would need further ones is dropped, and
            the number of drops counted.
        on_changed_handler: ``shadow`` or ``warn``: what becomes of an operation whose port or legacy function has
            changed.
    """

    flush_every: float = 1.0
    window: int = 10
    keep_windows: float = 900.0
    keep_totals: float = 90 * 86400.0
    max_pending: int = 50_000
    on_changed_handler: str = "shadow"

    def __post_init__(self) -> None:
        """
        Check the settings.

        Raises:
            InvalidEvidenceSetting: A value is out of its range.
        """
        for name in ("flush_every", "window", "keep_windows", "keep_totals", "max_pending"):
            if getattr(self, name) <= 0:
                msg = f"{name}={getattr(self, name)!r}: it has to be more than 0"
                raise InvalidEvidenceSetting(msg)
        if self.on_changed_handler not in {each.value for each in ChangedHandler}:
            msg = f"on_changed_handler={self.on_changed_handler!r}: use 'shadow' or 'warn'"
            raise InvalidEvidenceSetting(msg)
