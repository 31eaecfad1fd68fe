"""Whether this process has time to check anything."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Load"]

# Long enough for the processor clock to be exact, short enough to notice a rush.
WINDOW_S: Final = 0.1


class Load:
    """
    How busy this process is with its callers.

    Busy is a process whose threads together use more than a share of one core, which is all that the interpreter's lock gives
    them, or in which callers wait for a connection.
    """

    def __init__(self, *, busy_above: float, contended: Callable[[], bool]) -> None:
        """
        Args:
            busy_above: Share of one core, from 0 to 1.
            contended: Tells whether callers wait for what they share with checks, such as connections.
        """
        self._busy_above = busy_above
        self._contended = contended
        self._in_flight = 0
        self._waiting: set[asyncio.Future[None]] = set()
        self._looked_at = time.monotonic()
        self._used_s = time.process_time()
        self._share = 0.0

    def enter(self) -> None:
        """Note that a caller's request has begun."""
        self._in_flight += 1

    def leave(self) -> None:
        """Note that a caller's request has ended."""
        self._in_flight -= 1
        if self._waiting and self._in_flight == 0:
            for moment in self._waiting:
                if not moment.done():
                    moment.set_result(None)

    def is_busy(self, *, crowded: bool = False) -> bool:
        """
        Return whether to leave the processor and the connections to the callers.

        Args:
            crowded: No moment without callers was found. Then half of the share of a core is enough to be busy.
        """
        now = time.monotonic()
        passed = now - self._looked_at
        if passed >= WINDOW_S:
            used = time.process_time()
            self._share = (used - self._used_s) / passed
            self._looked_at, self._used_s = now, used
        return self._share > (self._busy_above / 2 if crowded else self._busy_above) or self._contended()

    async def quiet(self, *, patience: float) -> bool:
        """Return True when no caller's request is in flight, or False after *patience* seconds."""
        if self._in_flight == 0:
            return True
        moment = asyncio.get_running_loop().create_future()
        self._waiting.add(moment)
        try:
            found, _ = await asyncio.wait([moment], timeout=patience)
            return bool(found)
        finally:
            self._waiting.discard(moment)
