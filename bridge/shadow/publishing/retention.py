"""How long checks are kept."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.errors import InvalidShadowSetting

__all__ = ["Retention"]


@dataclass(frozen=True, slots=True)
class Retention:
    """
    How many checks are kept, and for how long.

    Attributes:
        max_rows: Checks kept, the newest; a check has at most as many differences as `CompareOptions.limit` and one more.
        max_age_s: Seconds that a check is kept.
    """

    max_rows: int = 10_000
    max_age_s: float = 30 * 24 * 3600.0

    def __post_init__(self) -> None:
        """
        Check the settings.

        Raises:
            InvalidShadowSetting: A bound is not positive.
        """
        if self.max_rows < 1 or self.max_age_s <= 0:
            msg = f"Retention(max_rows={self.max_rows}, max_age_s={self.max_age_s}): each has to be more than 0"
            raise InvalidShadowSetting(msg)
