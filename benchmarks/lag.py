"""How late an event loop is, and percentiles of times."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Sequence

__all__ = ["percentile_ms", "record_lag"]

EVERY_S = 0.005


async def record_lag(lags: list[float]) -> None:
    """Sleep for 5 ms over and over, and append to *lags* how many seconds too late the loop came back."""
    while True:
        due = time.perf_counter() + EVERY_S
        await asyncio.sleep(EVERY_S)
        lags.append(time.perf_counter() - due)


def percentile_ms(seconds: Sequence[float], rank: int) -> float:
    """Return a percentile of times in seconds, in milliseconds; of few times never more than the largest."""
    if len(seconds) < 2:
        return sum(seconds) * 1000
    return statistics.quantiles(seconds, n=100, method="inclusive")[rank - 1] * 1000
