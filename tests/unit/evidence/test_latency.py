"""Times find their bucket, and the bounds of a quantile hold."""

from __future__ import annotations

from math import comb, inf
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.evidence import Latency, latency_ratio
from bridge.evidence.latency import BUCKETS, ENOUGH, bucket_of, lower_edge

TIMES = st.floats(1e-6, 900.0)


@given(TIMES)
def test_a_time_is_within_the_edges_of_its_bucket(seconds: float) -> None:
    bucket = bucket_of(seconds)
    assert lower_edge(bucket) <= seconds < lower_edge(bucket + 1)


def test_every_time_has_a_bucket() -> None:
    assert [bucket_of(seconds) for seconds in (-1.0, 0.0, 1e-12, 1e6)] == [0, 0, 0, BUCKETS - 1]
    assert lower_edge(BUCKETS) == inf


def test_a_bucket_is_at_most_an_eighth_wider_than_its_lower_edge() -> None:
    widths = [lower_edge(bucket + 1) / lower_edge(bucket) for bucket in range(1, BUCKETS - 1)]
    assert 1.0 < min(widths) <= max(widths) <= 1.125 + 1e-9


def histogram(times: list[float]) -> Latency:
    found: dict[int, int] = {}
    for seconds in times:
        found[bucket_of(seconds)] = found.get(bucket_of(seconds), 0) + 1
    return Latency(found)


@given(st.lists(TIMES, min_size=1, max_size=200), st.floats(0.01, 0.99))
def test_a_quantile_is_the_upper_edge_of_the_bucket_that_holds_it(times: list[float], share: float) -> None:
    ordered = sorted(times)
    # The smallest time that at least that share does not exceed.
    exact = next(each for number, each in enumerate(ordered, 1) if number >= share * len(ordered))
    assert histogram(times).quantile(share) == lower_edge(bucket_of(exact) + 1)


def test_nothing_is_known_without_requests() -> None:
    assert Latency().quantile(0.5) == 0.0
    assert Latency().quantile_bounds(0.5) == (0.0, inf)


def test_the_ranks_of_the_median_are_those_of_the_tables() -> None:
    """For ten, the second and the ninth value hold the median with 97.9 %: David and Nagaraja, section 7.1."""
    times = [float(2**n) / 1000 for n in range(10)]
    low, high = histogram(times).quantile_bounds(0.5, 0.975)
    assert (low, high) == (lower_edge(bucket_of(times[1])), lower_edge(bucket_of(times[8]) + 1))
    assert 1 - 2 * sum(comb(10, k) for k in range(2)) / 2**10 == pytest.approx(0.9785, abs=1e-4)


def test_few_requests_bound_no_high_quantile() -> None:
    assert histogram([0.01] * 20).quantile_bounds(0.95)[1] == inf
    assert histogram([0.01] * 60).quantile_bounds(0.95)[1] < inf


@pytest.mark.parametrize("share", [0.5, 0.95])
def test_the_bounds_hold_as_often_as_they_say(share: float) -> None:
    random = Random(24)
    exact = {0.5: 0.1 * 0.6931, 0.95: 0.1 * 2.9957}[share]
    outside = [0, 0]
    for _ in range(600):
        low, high = histogram([random.expovariate(10.0) for _ in range(200)]).quantile_bounds(share, 0.95)
        outside[0] += low > exact
        outside[1] += high < exact
    # 5 % of 600 would be 30; the edges of the buckets only widen the bounds.
    assert max(outside) <= 40


def test_more_requests_like_these_narrow_the_bounds() -> None:
    latency = histogram([0.001 * n for n in range(1, 101)])
    low, high = latency.quantile_bounds(0.5)
    nearer, lower = latency.quantile_bounds(0.5, scale=50.0)
    assert low < nearer <= latency.quantile(0.5) <= lower < high


def test_a_great_many_requests_are_reckoned_as_enough() -> None:
    counted = {100: 50, 108: 30, 116: 20}
    enough = Latency({bucket: n * ENOUGH // 100 for bucket, n in counted.items()})
    many = Latency({bucket: n * 10**6 for bucket, n in counted.items()})
    assert many.quantile_bounds(0.5) == enough.quantile_bounds(0.5)


def test_the_ratio_of_equal_times_is_about_one_and_twice_as_long_is_about_two() -> None:
    times = [0.1 + n / 10_000 for n in range(400)]
    base, twice = histogram(times), histogram([2 * each for each in times])
    low, high = latency_ratio(0.5, base, base, tolerance=0.0)
    assert 0.75 < low < 1.0 < high < 1.35
    low, high = latency_ratio(0.5, twice, base, tolerance=0.0)
    assert 1.5 < low < 2.0 < high < 2.7


def test_a_few_milliseconds_are_no_ratio() -> None:
    fast, slow = histogram([0.001] * 400), histogram([0.003] * 400)
    assert latency_ratio(0.5, slow, fast, tolerance=0.0)[0] > 2
    assert latency_ratio(0.5, slow, fast, tolerance=0.005) == (0.0, 0.0)


def test_the_ratio_to_nothing_is_unknown() -> None:
    assert latency_ratio(0.5, histogram([0.1] * 400), Latency(), tolerance=0.0) == (0.0, inf)


def test_both_sides_of_a_ratio_hold_together() -> None:
    """Each with half of the permitted error: Bonferroni's inequality."""
    latency, base = histogram([0.002 * 1.02**n for n in range(300)]), histogram([0.001 * 1.02**n for n in range(300)])
    high = latency.quantile_bounds(0.5, 0.975)[1] / base.quantile_bounds(0.5, 0.975)[0]
    assert latency_ratio(0.5, latency, base, tolerance=0.0, confidence=0.95)[1] == high
    assert latency.quantile_bounds(0.5, 0.975)[1] > latency.quantile_bounds(0.5, 0.5)[1]
