"""
What a count of failures says of the rate behind it.

Every bound is one-sided: with the confidence asked for, the rate is not on the other side of it.
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil, exp, expm1, lgamma, log, log1p, sqrt
from statistics import NormalDist
from typing import Final

__all__ = ["binomial_cdf", "lower_bound", "rate_difference", "trials_needed", "upper_bound"]

# A bisection of [0, 1] is exact to the last bit of a float well before that.
HALVINGS: Final = 60
NEGLIGIBLE: Final = 1e-18
MOST_TRIALS: Final = 2**40


def binomial_cdf(successes: int, trials: int, rate: float) -> float:
    """
    Return the probability of at most *successes* in *trials*, each of which succeeds with *rate*.

    Sums the terms from the largest of the shorter tail on, each from the one before: exact to about 1e-12, without a series or an
    approximation. The number of terms grows with the square root of *trials*.
    """
    if successes < 0:
        return 0.0
    if successes >= trials or rate <= 0.0:
        return 1.0
    if rate >= 1.0:
        return 0.0
    if successes <= trials * rate:
        return _tail(successes, trials, rate)
    return 1.0 - _tail(trials - successes - 1, trials, 1.0 - rate)


@lru_cache(maxsize=4096)
def upper_bound(failures: int, trials: int, confidence: float = 0.95) -> float:
    """
    Return the rate that is not exceeded, with *confidence*, where *failures* of *trials* were counted; 1.0 without any trial.

    The one-sided limit of C. J. Clopper and E. S. Pearson, "The use of confidence or fiducial limits illustrated in the case of the
    binomial", Biometrika 26 (1934), 404-413: the rate at which so few failures have the probability ``1 - confidence``. Without a
    failure that is ``1 - (1 - confidence) ** (1 / trials)``, about ``3 / trials`` at 95 %.
    """
    if failures >= trials:
        return 1.0
    if failures == 0:
        return -expm1(log(1.0 - confidence) / trials)
    low, high = failures / trials, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if binomial_cdf(failures, trials, middle) > 1.0 - confidence:
            low = middle
        else:
            high = middle
    return high


def lower_bound(failures: int, trials: int, confidence: float = 0.95) -> float:
    """Return the rate that is exceeded, with *confidence*; the mirror image of `upper_bound`, 0.0 without a failure."""
    return 1.0 - upper_bound(trials - failures, trials, confidence) if trials and failures else 0.0


def trials_needed(rate: float, failures: int = 0, confidence: float = 0.95) -> int:
    """
    Return how many trials with no more than *failures* it takes until `upper_bound` is at most *rate*.

    For no failure, ``log(1 - confidence) / log(1 - rate)``, rounded up: 2,995 for one in a thousand at 95 %.

    Args:
        rate: More than 0.
        failures: Those there have been.
        confidence: Of the bound.
    """
    if rate >= 1.0:
        return failures
    if failures == 0:
        return max(1, ceil(log(1.0 - confidence) / log1p(-rate)))
    low, high = failures, failures + 1
    while upper_bound(failures, high, confidence) > rate and high < MOST_TRIALS:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        if upper_bound(failures, middle, confidence) > rate:
            low = middle
        else:
            high = middle
    return high


def rate_difference(
    failures: int, trials: int, base_failures: int, base_trials: int, confidence: float = 0.95
) -> tuple[float, float]:
    """
    Return the lower and the upper one-sided bound of how much a rate exceeds a base rate.

    The hybrid score interval, method 10 of R. G. Newcombe, "Interval estimation for the difference between independent proportions:
    comparison of eleven methods", Statistics in Medicine 17 (1998), 873-890, of the score limits of E. B. Wilson, "Probable
    inference, the law of succession, and statistical inference", JASA 22 (1927), 209-212. Without trials on either side nothing is
    known: -1 and 1.
    """
    if not trials or not base_trials:
        return -1.0, 1.0
    z = NormalDist().inv_cdf(confidence)
    rate, base = failures / trials, base_failures / base_trials
    low, high = _wilson(failures, trials, z)
    base_low, base_high = _wilson(base_failures, base_trials, z)
    difference = rate - base
    return (
        difference - sqrt((rate - low) ** 2 + (base_high - base) ** 2),
        difference + sqrt((high - rate) ** 2 + (base - base_low) ** 2),
    )


def _wilson(failures: int, trials: int, z: float) -> tuple[float, float]:
    rate, spread = failures / trials, z * z / trials
    centre = rate + spread / 2
    half = z * sqrt(rate * (1.0 - rate) / trials + spread / (4 * trials))
    return max(0.0, (centre - half) / (1.0 + spread)), min(1.0, (centre + half) / (1.0 + spread))


def _tail(successes: int, trials: int, rate: float) -> float:
    """Return the probability of at most *successes*, which are no more than to be expected."""
    # The logarithm, because the term itself may be too small for a float while others are not.
    largest = (
        lgamma(trials + 1)
        - lgamma(successes + 1)
        - lgamma(trials - successes + 1)
        + successes * log(rate)
        + (trials - successes) * log1p(-rate)
    )
    total = term = 1.0
    odds = (1.0 - rate) / rate
    for count in range(successes, 0, -1):
        term *= count / (trials - count + 1) * odds
        total += term
        if term < NEGLIGIBLE * total:
            break
    return min(1.0, exp(largest) * total)
