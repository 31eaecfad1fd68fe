"""What a port has to show before it is given more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bridge.errors import InvalidEvidenceSetting

__all__ = ["PromotionPolicy"]

EVEN_ODDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class PromotionPolicy:
    """
    What a port has to show before it is given more. All rates are shares, 0 to 1.

    Attributes:
        confidence: Of each bound, more than 0.5 and less than 1.
        max_mismatch_rate: The bound of the share of checks that differ.
        min_checked: Checks with a verdict, in any case.
        max_not_comparable: Share of the checks without a verdict.
        min_served: Requests that the port has served, and as many on the legacy path.
        max_error_rate_increase: The bound of how much the share of requests that the port fails, by a status of 500 or more or an
            exception, exceeds that of the legacy path.
        max_client_error_increase: The same for statuses from 400 to 499.
        max_latency_ratio: The bound of the port's median and 95th percentile as multiples of the legacy path's.
        latency_tolerance: Seconds by which the port may be slower in any case.
        require_hooks: Refuse while a Flask hook is left behind of which nothing was declared.
    """

    confidence: float = 0.95
    max_mismatch_rate: float = 0.001
    min_checked: int = 1000
    max_not_comparable: float = 0.2
    min_served: int = 500
    max_error_rate_increase: float = 0.01
    max_client_error_increase: float = 0.05
    max_latency_ratio: float = 1.5
    latency_tolerance: float = 0.005
    require_hooks: bool = True

    def __post_init__(self) -> None:
        """
        Check the settings.

        Raises:
            InvalidEvidenceSetting: A value is out of its range.
        """
        shares = ("max_mismatch_rate", "max_error_rate_increase", "max_client_error_increase")
        checks = {
            "confidence": EVEN_ODDS < self.confidence < 1.0,
            "min_checked": self.min_checked >= 0,
            "max_not_comparable": 0.0 <= self.max_not_comparable <= 1.0,
            "min_served": self.min_served >= 0,
            "max_latency_ratio": self.max_latency_ratio > 0.0,
            "latency_tolerance": self.latency_tolerance >= 0.0,
            **{name: 0.0 < getattr(self, name) <= 1.0 for name in shares},
        }
        for name, holds in checks.items():
            if not holds:
                msg = f"PromotionPolicy({name}={getattr(self, name)!r}) is out of its range: see docs/reference/settings.md"
                raise InvalidEvidenceSetting(msg)
