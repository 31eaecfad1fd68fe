"""How many checks may begin."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Budget"]


class Budget:
    """A token bucket that holds what one second may use."""

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._clock = clock
        self._left = max(per_second, 1.0) if per_second else 0.0
        self._at = clock()

    def take(self) -> bool:
        """Use one, and return whether there was one."""
        now = self._clock()
        self._left = min(max(self._per_second, 1.0), self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
