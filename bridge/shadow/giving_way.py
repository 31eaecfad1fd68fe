"""Run work of a check step by step, each step in a moment without callers."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Coroutine, Generator
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from bridge.shadow.load import Load

__all__ = ["GivingWay"]

T = TypeVar("T")


class GivingWay(Awaitable[T]):
    """
    Awaits a coroutine. Where it goes on after a wait, such as for the database, callers in flight come first.

    An event loop takes turns: without this, each step of a check is one more that a caller may have to wait for.

    Attributes:
        waited_s: Seconds that it has given way.
    """

    def __init__(self, work: Coroutine[Any, Any, T], load: Load, *, patience: float) -> None:
        """
        Args:
            work: What to run.
            load: Knows whether callers are in flight.
            patience: Seconds that it gives way, of all steps together; then it goes on beside them.
        """
        self._work = work
        self._load = load
        self._patience = patience
        self.waited_s = 0.0

    def __await__(self) -> Generator[Any, Any, T]:
        """
        Run it.

        Cancellation:
            Reaches the work, as it would without this.
        """
        steps = self._work.__await__()
        try:
            waits_for = next(steps)
            while True:
                try:
                    yield waits_for
                    yield from self._give_way().__await__()
                except BaseException as thrown:  # noqa: BLE001 - a cancellation, most of all, is for the work to see
                    waits_for = steps.throw(thrown)
                else:
                    waits_for = next(steps)
        except StopIteration as ended:
            result: T = ended.value
            return result

    async def _give_way(self) -> None:
        patience = self._patience - self.waited_s
        if patience > 0:
            began_at = time.perf_counter()
            await self._load.quiet(patience=patience)
            self.waited_s += time.perf_counter() - began_at
