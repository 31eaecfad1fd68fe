"""How long requests took, in buckets fine enough to compare two paths."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from math import frexp, inf, ldexp
from typing import TYPE_CHECKING, Final

from bridge.evidence.confidence import binomial_cdf

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["BUCKETS", "Latency", "bucket_of", "latency_ratio", "lower_edge"]

# Eight buckets for each doubling, so that a bucket is at most an eighth wider than its lower edge, from a microsecond to 17 minutes.
PER_DOUBLING: Final = 8
SMALLEST_EXPONENT: Final = -19
DOUBLINGS: Final = 30
BUCKETS: Final = PER_DOUBLING * DOUBLINGS
# More requests are reckoned as if there had been so many: the bounds get a little wider, and take milliseconds at most.
ENOUGH: Final = 20_000


def bucket_of(seconds: float) -> int:
    """Return the bucket of a time: 0 for less than a microsecond, `BUCKETS` - 1 for more than 15 minutes."""
    mantissa, exponent = frexp(seconds)
    bucket = (exponent - SMALLEST_EXPONENT) * PER_DOUBLING + int(mantissa * 2 * PER_DOUBLING) - PER_DOUBLING
    return 0 if bucket < 0 or seconds <= 0.0 else min(bucket, BUCKETS - 1)


def lower_edge(bucket: int) -> float:
    """Return the seconds from which on a time is in *bucket*; infinity for the one after the last."""
    if bucket <= 0:
        return 0.0
    if bucket >= BUCKETS:
        return inf
    doubling, part = divmod(bucket, PER_DOUBLING)
    return ldexp((PER_DOUBLING + part) / (2 * PER_DOUBLING), doubling + SMALLEST_EXPONENT)


@dataclass(frozen=True, slots=True)
class Latency:
    """
    How many requests took how long.

    Attributes:
        counts: Requests by bucket, without the empty ones.
    """

    counts: Mapping[int, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many there were."""
        return sum(self.counts.values())

    def quantile(self, share: float) -> float:
        """Return the upper edge, in seconds, of the bucket that holds the quantile *share*, 0 to 1; 0.0 where there were none."""
        return lower_edge(self._bucket(share * self.count) + 1) if self.count else 0.0

    def quantile_bounds(self, share: float, confidence: float = 0.95, *, scale: float = 1.0) -> tuple[float, float]:
        """
        Return the lower and the upper one-sided bound, in seconds, of a quantile of all requests there could have been.

        From order statistics, without an assumption on the distribution: of *n* requests in order of their time, the quantile lies
        below number *k* with the probability of fewer than *k* successes in *n* trials of rate *share* (H. A. David and H. N.
        Nagaraja, *Order Statistics*, 3rd ed., 2003, section 7.1). The edges of the buckets widen the bounds, never narrow them.

        Args:
            share: Which quantile, 0 to 1.
            confidence: Of each bound.
            scale: As if there had been so many times as many requests, distributed as these are.
        """
        scale = min(scale, ENOUGH / max(self.count, 1))
        requests = round(self.count * scale)
        if not requests:
            return 0.0, inf
        high = _rank(requests, share, confidence)
        # The largest rank that the quantile is below with at most 1 - confidence.
        low = _rank(requests, share, 1.0 - confidence) - 1
        upper = inf if high > requests else lower_edge(self._bucket(high / scale) + 1)
        return (lower_edge(self._bucket(low / scale)) if low > 0 else 0.0), upper

    def _bucket(self, rank: float) -> int:
        seen = bucket = 0
        for bucket, count in sorted(self.counts.items()):
            seen += count
            if seen >= rank:
                return bucket
        return bucket


def latency_ratio(
    share: float, latency: Latency, base: Latency, *, tolerance: float, confidence: float = 0.95, scale: float = 1.0
) -> tuple[float, float]:
    """
    Return the lower and the upper one-sided bound of how many times as long as *base* a quantile takes.

    Each side has the bound of `Latency.quantile_bounds` at half of the permitted error, so that both hold with *confidence*
    (Bonferroni's inequality).

    Args:
        share: Which quantile, 0 to 1.
        latency: The times to judge.
        base: Those to compare them with.
        tolerance: Seconds that do not count, so that a millisecond more is not "twice as long".
        confidence: Of each bound of the ratio.
        scale: As if there had been so many times as many requests on both sides.
    """
    each = 1.0 - (1.0 - confidence) / 2
    low, high = latency.quantile_bounds(share, each, scale=scale)
    base_low, base_high = base.quantile_bounds(share, each, scale=scale)
    return _ratio(low - tolerance, base_high), _ratio(high - tolerance, base_low)


def _ratio(seconds: float, base: float) -> float:
    if seconds <= 0.0 or base == inf:
        return 0.0
    return seconds / base if base else inf


@lru_cache(maxsize=4096)
def _rank(requests: int, share: float, probability: float) -> int:
    """Return the first rank that the quantile is below with more than *probability*; *requests* + 1 where there is none."""
    low, high = 0, requests + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if binomial_cdf(middle - 1, requests, share) > probability else (middle, high)
    return high
