"""The bounds are those of the literature, and hold as often as they say."""

from __future__ import annotations

from itertools import pairwise
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.evidence import lower_bound, rate_difference, trials_needed, upper_bound
from bridge.evidence.confidence import binomial_cdf

RATES = st.floats(0.0005, 0.9995)


def plain_cdf(successes: int, trials: int, rate: float) -> float:
    return sum(comb(trials, k) * rate**k * (1 - rate) ** (trials - k) for k in range(successes + 1))


@given(st.integers(1, 300), st.data(), RATES)
def test_the_binomial_distribution_is_the_sum_of_its_terms(trials: int, data: st.DataObject, rate: float) -> None:
    successes = data.draw(st.integers(0, trials))
    assert binomial_cdf(successes, trials, rate) == pytest.approx(plain_cdf(successes, trials, rate), abs=1e-11)


def test_the_binomial_distribution_is_certain_at_its_ends() -> None:
    assert [binomial_cdf(-1, 5, 0.5), binomial_cdf(5, 5, 0.5), binomial_cdf(0, 5, 0.0), binomial_cdf(4, 5, 1.0)] == [
        0,
        1,
        1,
        0,
    ]


@pytest.mark.parametrize(
    ("failures", "trials", "confidence", "expected"),
    [
        # The rule of three, exactly: 1 - 0.05 ** (1 / n).
        (0, 10, 0.95, 0.258866),
        (0, 3000, 0.95, 0.000998079),
        # Tables of Clopper-Pearson limits, for example those of binom.test(x, n) of R.
        (1, 10, 0.95, 0.394163),
        (5, 100, 0.975, 0.1128349),
        (10, 100, 0.975, 0.1762226),
        (4, 10, 0.975, 0.737622),
        (10, 10, 0.95, 1.0),
        (0, 0, 0.95, 1.0),
    ],
)
def test_the_upper_bound_is_that_of_the_tables(failures: int, trials: int, confidence: float, expected: float) -> None:
    assert upper_bound(failures, trials, confidence) == pytest.approx(expected, rel=2e-6)


@pytest.mark.parametrize(("failures", "trials", "expected"), [(4, 10, 0.121552), (10, 100, 0.049005), (0, 10, 0.0), (0, 0, 0.0)])  # fmt: skip
def test_the_lower_bound_is_that_of_the_tables(failures: int, trials: int, expected: float) -> None:
    assert lower_bound(failures, trials, 0.975) == pytest.approx(expected, rel=1e-5)


@given(st.integers(1, 60), RATES, st.sampled_from([0.9, 0.95, 0.99]))
def test_the_upper_bound_holds_at_least_as_often_as_it_says(trials: int, rate: float, confidence: float) -> None:
    """Over every outcome, weighted by its probability: that is what "exact" means."""
    holds = sum(
        comb(trials, k) * rate**k * (1 - rate) ** (trials - k)
        for k in range(trials + 1)
        if upper_bound(k, trials, confidence) >= rate
    )
    assert holds >= confidence - 1e-9


@given(st.integers(2, 5000), st.data())
def test_more_failures_raise_the_bound_and_more_trials_lower_it(trials: int, data: st.DataObject) -> None:
    failures = data.draw(st.integers(0, trials - 2))
    assert upper_bound(failures, trials) < upper_bound(failures + 1, trials)
    assert upper_bound(failures, trials + 1) < upper_bound(failures, trials)


@given(st.floats(0.0005, 0.5), st.integers(0, 5))
def test_trials_needed_are_the_fewest_that_do(rate: float, failures: int) -> None:
    needed = trials_needed(rate, failures)
    assert upper_bound(failures, needed) <= rate
    assert needed - 1 <= failures or upper_bound(failures, needed - 1) > rate


def test_one_in_a_thousand_takes_2995_checks_without_a_mismatch() -> None:
    assert [trials_needed(0.001, mismatches) for mismatches in (0, 1, 2)] == [2995, 4742, 6294]


@pytest.mark.parametrize(
    ("counted", "low", "high"),
    [
        # The examples of Newcombe 1998, table II, method 10: 95 % two-sided, that is 97.5 % on each side.
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((0, 10, 0, 10), -0.2775, 0.2775),
        ((10, 10, 0, 20), 0.6791, 1.0000),
        ((10, 10, 0, 10), 0.6075, 1.0000),
    ],
)
def test_the_difference_of_two_rates_is_that_of_the_paper(counted: tuple[int, int, int, int], low: float, high: float) -> None:  # fmt: skip
    assert rate_difference(*counted, confidence=0.975) == pytest.approx((low, high), abs=6e-5)


@given(st.integers(0, 400), st.integers(1, 400), st.integers(0, 400), st.integers(1, 400))
def test_the_difference_turned_round_is_its_negative(a: int, n: int, b: int, m: int) -> None:
    a, b = min(a, n), min(b, m)
    low, high = rate_difference(a, n, b, m)
    assert (-high, -low) == pytest.approx(rate_difference(b, m, a, n), abs=1e-12)
    assert low - 1e-12 <= a / n - b / m <= high + 1e-12


def test_nothing_is_known_without_requests_on_both_sides() -> None:
    assert rate_difference(0, 0, 3, 10) == rate_difference(3, 10, 0, 0) == (-1.0, 1.0)


def test_a_higher_confidence_widens_the_difference() -> None:
    bounds = [rate_difference(5, 100, 3, 100, confidence) for confidence in (0.9, 0.95, 0.999)]
    assert all(wider[0] < narrower[0] and wider[1] > narrower[1] for narrower, wider in pairwise(bounds))
