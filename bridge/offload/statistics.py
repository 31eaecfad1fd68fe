"""Immutable pictures of what a capacity does."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["BUCKETS", "CapacityStatistics", "Histogram", "StuckCall", "merge"]

# Bucket n holds times below 2**n nanoseconds, so that a time finds its bucket by the length of its number in bits:
# 2**39 ns is nine minutes, and what takes longer goes into the last.
BUCKETS: Final = 40


@dataclass(frozen=True, slots=True)
class Histogram:
    """
    How long something took, by powers of two.

    Attributes:
        counts: How many took less than ``2**n`` nanoseconds and at least half of that, for each n from 0 to 39.
    """

    counts: tuple[int, ...] = (0,) * BUCKETS

    @property
    def count(self) -> int:
        """How many there were."""
        return sum(self.counts)

    def quantile(self, share: float) -> float:
        """Return seconds that at least *share* (0 to 1) of them did not exceed; 0.0 where there were none."""
        wanted, seen = share * self.count, 0
        for bucket, count in enumerate(self.counts):
            seen += count
            if count and seen >= wanted:
                return float(2**bucket / 1e9) if bucket else 0.0
        return 0.0


@dataclass(frozen=True, slots=True)
class CapacityStatistics:
    """
    A snapshot of one capacity.

    Attributes:
        tokens: How many calls may run at once.
        running: Calls that hold a token now.
        waiting: Calls that wait for a token now.
        workers: Threads that live now.
        admitted: Calls that got a token so far.
        refused: Calls refused at once, because too many waited or the capacity was closed.
        timed_out: Calls that waited too long for a token, or whose deadline passed.
        cancelled: Calls whose caller was cancelled, before or while they ran.
        wait: How long admitted calls waited for their token; 0 for those that did not.
        run: How long calls ran on their thread.
    """

    tokens: int
    running: int = 0
    waiting: int = 0
    workers: int = 0
    admitted: int = 0
    refused: int = 0
    timed_out: int = 0
    cancelled: int = 0
    wait: Histogram = field(default_factory=Histogram)
    run: Histogram = field(default_factory=Histogram)


@dataclass(frozen=True, slots=True)
class StuckCall:
    """
    A call that was still running when a shutdown gave up on it.

    Attributes:
        name: The function.
        thread: The name of its thread; empty where it had none yet.
        running_s: For how long it had run.
        stack: Where it was, as a traceback shows it; empty where that is unknown.
    """

    name: str
    thread: str
    running_s: float
    stack: str


def merge(tokens: int, parts: Iterable[CapacityStatistics]) -> CapacityStatistics:
    """Add up the snapshots of several event loops."""
    listed = list(parts)

    def total(name: str) -> int:
        return sum(getattr(part, name) for part in listed)

    def added(name: str) -> Histogram:
        columns = zip(Histogram().counts, *(getattr(part, name).counts for part in listed), strict=True)
        return Histogram(tuple(map(sum, columns)))

    counted = {field.name: total(field.name) for field in fields(CapacityStatistics) if field.type == "int"}
    return CapacityStatistics(**{**counted, "tokens": tokens}, wait=added("wait"), run=added("run"))
