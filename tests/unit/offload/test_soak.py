"""Twenty thousand calls with random faults leave nothing behind; `benchmarks/soak.py` runs a million."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.soak import IN_FLIGHT, ROUNDS, TOKENS, Footprint, grown, soak


async def test_nothing_grows() -> None:
    outcomes, footprints = await soak(20_000)
    assert sum(outcomes.values()) == 20_000 // ROUNDS // IN_FLIGHT * IN_FLIGHT * ROUNDS
    for kind in ("result", "Fault", "DeadlineExceeded", "TimeoutError", "cancelled"):
        assert outcomes[kind] > 0, kind
    assert len(footprints) == ROUNDS + 1
    assert grown(footprints) == []


@pytest.mark.parametrize(
    "leak",
    [{"threads": 2 * TOKENS + 1}, {"files": 1}, {"objects": 6_000}, {"resident_kib": 11_000}],
    ids=lambda leak: next(iter(leak)),
)
def test_growth_is_noticed(leak: dict[str, int]) -> None:
    start = Footprint(threads=1, files=10, objects=100_000, resident_kib=100_000)
    end = replace(start, **{name: getattr(start, name) + more for name, more in leak.items()})
    (message,) = grown([start, start, end])
    assert message.startswith(next(iter(leak)))
