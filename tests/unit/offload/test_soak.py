"""Twenty thousand calls with random faults leave nothing behind; `benchmarks/soak.py` runs a million."""

from __future__ import annotations

from benchmarks.soak import TOKENS, soak


async def test_nothing_grows() -> None:
    outcomes, before, after = await soak(20_000)
    assert sum(outcomes.values()) == 20_000 // 10 // 64 * 64 + 18_000 // 64 * 64
    for kind in ("result", "Fault", "DeadlineExceeded", "TimeoutError", "cancelled"):
        assert outcomes[kind] > 0, kind
    # Each of the calls that run may be being stopped, which takes a thread, too.
    assert after.threads <= before.threads + 2 * TOKENS
    assert after.files <= before.files
    assert after.objects <= before.objects * 1.05
