"""When an operation is rolled back without being asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bridge.errors import InvalidEvidenceSetting
from bridge.stages import Stage

__all__ = ["GuardSettings"]

EVEN_ODDS: Final = 0.5
TARGETS: Final = frozenset({Stage.LEGACY.value, Stage.SHADOW.value})


@dataclass(frozen=True, slots=True)
class GuardSettings:
    """
    When an operation is rolled back without being asked. All rates are shares, 0 to 1.

    A limit is breached where the lower bound, with *confidence*, is beyond it: bad luck with few requests is no breach.

    Attributes:
        every: Seconds between two looks.
        window: Seconds that a look sees, no further back than the last change of the operation.
        min_requests: Requests of the port within the window without which a look is inconclusive, and pauses the plan.
        breaches: Consecutive looks that have to see a breach; inconclusive ones between them do not count.
        hold: Seconds for which an operation is not promoted after it was rolled back.
        roll_back_to: ``shadow``, where the port goes on being checked, or ``legacy``.
        retry: Let the plan go on after *hold* with the version that was rolled back; otherwise it waits for another version, or for
            somebody to promote the operation.
        confidence: Of each bound, more than 0.5 and less than 1.
        max_error_rate_increase: How much the share of requests that the port fails may exceed that of the legacy path.
        max_error_rate: How large that share may be where there is nothing to compare it with.
        max_client_error_increase: As *max_error_rate_increase*, for statuses from 400 to 499.
        max_mismatch_rate: Share of the checks at stage verify that may differ.
        max_latency_ratio: Multiples of the legacy path's median and 95th percentile that the port may take; None is any.
        latency_tolerance: Seconds by which the port may be slower in any case.
    """

    every: float = 5.0
    window: float = 60.0
    min_requests: int = 20
    breaches: int = 3
    hold: float = 600.0
    roll_back_to: str = "shadow"
    retry: bool = False
    confidence: float = 0.999
    max_error_rate_increase: float = 0.02
    max_error_rate: float = 0.05
    max_client_error_increase: float = 0.2
    max_mismatch_rate: float = 0.001
    max_latency_ratio: float | None = 3.0
    latency_tolerance: float = 0.05

    def __post_init__(self) -> None:
        """
        Check the settings.

        Raises:
            InvalidEvidenceSetting: A value is out of its range.
        """
        shares = ("max_error_rate_increase", "max_error_rate", "max_client_error_increase", "max_mismatch_rate")
        checks = {
            "every": self.every > 0,
            "window": self.window >= self.every,
            "min_requests": self.min_requests >= 1,
            "breaches": self.breaches >= 1,
            "hold": self.hold >= 0,
            "roll_back_to": self.roll_back_to in TARGETS,
            "confidence": EVEN_ODDS < self.confidence < 1.0,
            "max_latency_ratio": self.max_latency_ratio is None or self.max_latency_ratio > 0,
            "latency_tolerance": self.latency_tolerance >= 0,
            **{name: 0.0 <= getattr(self, name) <= 1.0 for name in shares},
        }
        for name, holds in checks.items():
            if not holds:
                msg = (
                    f"GuardSettings({name}={getattr(self, name)!r}) is out of its range: see docs/reference/settings.md"
                )
                raise InvalidEvidenceSetting(msg)
