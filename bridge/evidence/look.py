"""What one look of the guard sees."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from bridge.evidence.confidence import lower_bound, rate_difference
from bridge.evidence.latency import latency_ratio

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bridge.evidence.assessment import Observed
    from bridge.evidence.counts import Counts
    from bridge.evidence.guard_settings import GuardSettings

__all__ = ["Health", "Look", "look_at"]

QUANTILES: Final = {"median": 0.5, "95th percentile": 0.95}


class Health(Enum):
    """
    What a look says of an operation.

    Attributes:
        HEALTHY: Enough requests, and no limit is breached.
        BREACHED: A limit is breached.
        INCONCLUSIVE: Too few requests to tell.
    """

    HEALTHY = "healthy"
    BREACHED = "breached"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Look:
    """
    What one look sees.

    Attributes:
        health: What it says.
        why: The numbers, for people to read.
    """

    health: Health
    why: str


def look_at(settings: GuardSettings, window: Observed, base: Counts) -> Look:
    """
    Judge what happened within a window.

    Args:
        settings: The limits.
        window: What was counted within it.
        base: What the port is compared with: the legacy path within the window, or at any time where it does not serve any more.
    """
    breaches = [*_errors(settings, window.native, base), *_mismatches(settings, window.legacy)]
    breaches += _latency(settings, window.native, base)
    if breaches:
        return Look(Health.BREACHED, "; ".join(breaches))
    served = window.native.served
    if served < settings.min_requests:
        why = f"the port has served {served:,} requests within the window, and {settings.min_requests:,} are wanted"
        return Look(Health.INCONCLUSIVE, why)
    return Look(Health.HEALTHY, f"no limit is breached by {served:,} requests")


def _errors(settings: GuardSettings, native: Counts, base: Counts) -> Iterator[str]:
    share = f"the port failed {native.failed:,} of {native.served:,} requests"
    if base.served < settings.min_requests:
        if lower_bound(native.failed, native.served, settings.confidence) > settings.max_error_rate:
            yield f"{share}, more than {settings.max_error_rate:.3g} of them"
        return
    kinds = (
        (share, native.failed, base.failed, settings.max_error_rate_increase),
        (
            f"the port refused {native.client_errors:,} of {native.served:,} requests",
            native.client_errors,
            base.client_errors,
            settings.max_client_error_increase,
        ),
    )
    for found, failed, base_failed, limit in kinds:
        low, _ = rate_difference(failed, native.served, base_failed, base.served, settings.confidence)
        # The score interval is too narrow for a handful of requests, where the exact bound of the port alone is not.
        exact = lower_bound(failed, native.served, settings.confidence) - base_failed / base.served
        if min(low, exact) > limit:
            yield f"{found}, the legacy path {base_failed:,} of {base.served:,}: more than {limit:.3g} of them in excess"


def _mismatches(settings: GuardSettings, legacy: Counts) -> Iterator[str]:
    if lower_bound(legacy.mismatched, legacy.checked, settings.confidence) > settings.max_mismatch_rate:
        rules = ", ".join(sorted(legacy.rules))
        yield f"{legacy.mismatched:,} of {legacy.checked:,} checks differ ({rules}): more than {settings.max_mismatch_rate:.3g} of them"


def _latency(settings: GuardSettings, native: Counts, base: Counts) -> Iterator[str]:
    limit = settings.max_latency_ratio
    if limit is None or base.served < settings.min_requests:
        return
    for name, share in QUANTILES.items():
        low, _ = latency_ratio(
            share, native.latency, base.latency, tolerance=settings.latency_tolerance, confidence=settings.confidence
        )
        if low > limit:
            times = [each.latency.quantile(share) * 1000 for each in (native, base)]
            yield f"the {name} is {times[0]:,.0f} ms, that of the legacy path {times[1]:,.0f} ms: more than {limit:g} times as long"
