"""A look tells a breach from bad luck, and from nothing to see."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from bridge.errors import InvalidEvidenceSetting
from bridge.evidence import Counts, EvidenceSettings, GuardSettings, Health, Observed
from bridge.evidence.look import look_at
from tests.unit.evidence.worlds import counts

SETTINGS = GuardSettings()
BASE = counts(1000, 0.050)


def health(native: Counts, base: Counts = BASE, *, legacy: Counts | None = None, **settings: Any) -> Health:
    return look_at(GuardSettings(**settings), Observed(native, legacy or Counts()), base).health


@pytest.mark.parametrize(
    ("native", "expected"),
    [
        ({"served": 200}, Health.HEALTHY),
        ({"served": 200, "server_errors": 1}, Health.HEALTHY),
        ({"served": 200, "server_errors": 30}, Health.BREACHED),
        ({"served": 200, "exceptions": 30}, Health.BREACHED),
        ({"served": 200, "client_errors": 20}, Health.HEALTHY),
        ({"served": 200, "client_errors": 120}, Health.BREACHED),
        ({"served": 200, "seconds": 0.100}, Health.HEALTHY),
        ({"served": 200, "seconds": 0.500}, Health.BREACHED),
        ({"served": 19}, Health.INCONCLUSIVE),
        ({"served": 0}, Health.INCONCLUSIVE),
        # Every one of them failed: that is no matter of how many there were.
        ({"served": 8, "server_errors": 8}, Health.BREACHED),
        ({"served": 1, "server_errors": 1}, Health.INCONCLUSIVE),
    ],
)
def test_a_look_at_a_port_beside_a_good_legacy_path(native: dict[str, Any], expected: Health) -> None:
    assert health(counts(**native)) is expected


def test_a_port_that_fails_as_the_legacy_path_does_is_no_breach() -> None:
    """As when the database is down."""
    assert health(counts(200, 0.05, server_errors=150), counts(1000, 0.05, server_errors=750)) is Health.HEALTHY


def test_without_a_legacy_path_the_limit_is_absolute() -> None:
    assert health(counts(200, server_errors=2), Counts()) is Health.HEALTHY
    assert health(counts(200, server_errors=40), Counts()) is Health.BREACHED


def test_slowness_is_a_breach_unless_it_is_switched_off_or_short() -> None:
    slow = counts(200, 0.5)
    assert health(slow) is Health.BREACHED
    assert health(slow, max_latency_ratio=None) is Health.HEALTHY
    assert health(counts(200, 0.04), counts(1000, 0.001)) is Health.HEALTHY


@pytest.mark.parametrize(("mismatched", "expected"), [(0, Health.HEALTHY), (1, Health.HEALTHY), (5, Health.BREACHED)])
def test_mismatches_at_stage_verify_are_a_breach(mismatched: int, expected: Health) -> None:
    checks = Counts(matched=300, mismatched=mismatched, rules={"json.value": mismatched})
    assert health(counts(200, 0.05), legacy=checks) is expected


def test_the_numbers_are_said() -> None:
    observed = Observed(counts(200, 0.5, server_errors=30), Counts(matched=90, mismatched=10, rules={"json.value": 10}))
    why = look_at(SETTINGS, observed, BASE).why
    assert "the port failed 30 of 200 requests, the legacy path 0 of 1,000: more than 0.02 of them in excess" in why
    assert "10 of 100 checks differ (json.value): more than 0.001 of them" in why
    assert (
        "the median is 500 ms, that of the legacy path 51 ms: more than 3 times as long" in why
        or "times as long" in why
    )
    assert "has served 3 requests" in look_at(SETTINGS, Observed(counts(3)), BASE).why


def test_equal_paths_are_almost_never_a_breach() -> None:
    """At 99.9 %, a thousand looks at paths that both fail one in fifty are to see none; a few would be bad luck."""
    random = Random(24)

    def failing(requests: int) -> Counts:
        return counts(requests, 0.05, server_errors=sum(random.random() < 0.02 for _ in range(requests)))

    breached = sum(health(failing(100), failing(100)) is Health.BREACHED for _ in range(1000))
    assert breached == 0


@pytest.mark.parametrize(
    "setting",
    [{"every": 0.0}, {"window": 1.0}, {"min_requests": 0}, {"breaches": 0}, {"hold": -1.0}, {"roll_back_to": "native"}, {"confidence": 0.5}, {"max_latency_ratio": 0.0}, {"latency_tolerance": -1.0}, {"max_error_rate": 1.1}, {"max_mismatch_rate": -0.1}],
)  # fmt: skip
def test_a_guard_that_means_nothing_is_refused(setting: dict[str, Any]) -> None:
    with pytest.raises(InvalidEvidenceSetting, match=next(iter(setting))):
        GuardSettings(**setting)


@pytest.mark.parametrize("setting", [{"flush_every": 0.0}, {"window": 0}, {"keep_windows": 0.0}, {"keep_totals": 0.0}, {"max_pending": 0}, {"on_changed_handler": "panic"}])  # fmt: skip
def test_settings_that_mean_nothing_are_refused(setting: dict[str, Any]) -> None:
    with pytest.raises(InvalidEvidenceSetting, match=next(iter(setting))):
        EvidenceSettings(**setting)
