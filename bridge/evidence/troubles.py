"""What the guard cannot do, said so that somebody hears it and nobody is flooded."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bridge.evidence.clock import Clock
    from bridge.evidence.look import Look

__all__ = ["Troubles"]

logger = logging.getLogger("bridge.evidence")

# As often as `Tallies` says by default that nobody has mended its store.
REMIND_EVERY_S: Final = 600.0


class Troubles:
    """Logs why an operation cannot be looked at or moved: at once, and every ten minutes for as long as it lasts."""

    def __init__(self, clock: Clock) -> None:
        """
        Args:
            clock: Tells the time.
        """
        self._clock = clock
        self._said_at: dict[str, float] = {}

    def met(self, operation: str, look: Look | None, error: Exception) -> None:
        """
        Log *error*, unless something of the same operation was logged a while ago.

        Args:
            operation: Could not be looked at or moved.
            look: What was seen of it; None where nothing was.
            error: Says why.
        """
        now = self._clock.time()
        if now - self._said_at.get(operation, -REMIND_EVERY_S) < REMIND_EVERY_S:
            return
        self._said_at[operation] = now
        seen = "nothing is seen of its port" if look is None else look.why
        logger.error("the guard can do nothing about %s (%s): %s", operation, seen, error)

    def over(self, operation: str) -> None:
        """Forget what was wrong with *operation*, so that the next trouble is logged at once."""
        self._said_at.pop(operation, None)
