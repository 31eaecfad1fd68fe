"""What a store refuses for good, so that it does not keep back the rest."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bridge.evidence.clock import Clock
    from bridge.evidence.counts import Tally
    from bridge.evidence.store import Batch, CounterKey

__all__ = ["Refused"]

logger = logging.getLogger("bridge.evidence")

# Whoever mends the table need not restart the application.
LEFT_OUT_S: Final = 600.0
LONGEST_SHOWN: Final = 100


class Refused:
    """
    Finds out what it is in a batch that a store refuses, and leaves that out for a while.

    Attributes:
        amount: How much was not counted for it.
    """

    def __init__(self, clock: Clock) -> None:
        """
        Args:
            clock: Tells the time.
        """
        self.amount = 0
        self._clock = clock
        self._until: dict[Tally, float] = {}

    def leaves_out(self, tally: Tally) -> bool:
        """Tell whether what *tally* has counted is not to be given to the store now."""
        if tally in self._until and self._until[tally] <= self._clock.time():
            del self._until[tally]
        return tally in self._until

    def parts_of(self, batch: Batch, error: Exception) -> list[Mapping[CounterKey, int]]:
        """
        Return what of a refused *batch* is to be tried again: its halves, and nothing of one that is of a single tally.

        Args:
            batch: Was not added.
            error: Says why.
        """
        tallies = list(dict.fromkeys(key.tally for key in batch.counters))
        if len(tallies) == 1:
            self._leave_out(tallies[0], sum(batch.counters.values()), error)
            return []
        first = set(tallies[: len(tallies) // 2])
        return [
            {key: amount for key, amount in batch.counters.items() if (key.tally in first) is is_first}
            for is_first in (True, False)
        ]

    def _leave_out(self, tally: Tally, amount: int, error: Exception) -> None:
        self.amount += amount
        self._until[tally] = self._clock.time() + LEFT_OUT_S
        logger.error(
            "nothing is counted of %s (%s, version %s) for %g s, because the store refuses it: %s",
            tally.operation[:LONGEST_SHOWN],
            tally.path.value,
            tally.version[:LONGEST_SHOWN],
            LEFT_OUT_S,
            error,
        )
