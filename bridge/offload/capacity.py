"""How many calls may run at once."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Final

from bridge.errors import InvalidPoolSize
from bridge.offload.anyio_lane import AnyioLanes
from bridge.offload.forking import call_in_forked_child
from bridge.offload.lane import Lane
from bridge.offload.lifetime import when_loop_ends
from bridge.offload.statistics import CapacityStatistics, merge

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bridge.offload.statistics import StuckCall

__all__ = ["Capacity"]

# More than any sensible number of clients of one process; the time they would wait ends it before. Unmeasured.
MAX_WAITING: Final = 1000
# As long as SQLAlchemy's pools wait for a connection by default.
ADMISSION_TIMEOUT_S: Final = 30.0


class Capacity:
    """
    The tokens that bound how many offloaded calls run at once.

    Tokens go to callers in the order in which they come. One capacity may serve several event loops (each test has its
    own); each of them then has its own tokens, line and threads.
    """

    def __init__(
        self,
        tokens: int,
        *,
        max_waiting: int | None = MAX_WAITING,
        admission_timeout: float | None = ADMISSION_TIMEOUT_S,
    ) -> None:
        """
        Args:
            tokens: Calls that may run at once, at least 1. Derive it from the scarce resource: the connection pool.
            max_waiting: Calls that may wait for a token; the next is refused at once. None is any number.
            admission_timeout: Seconds a call may wait for a token; None is for ever.

        Raises:
            InvalidPoolSize: A number is out of its range.
        """
        _check_tokens(tokens)
        if (max_waiting is not None and max_waiting < 0) or (admission_timeout is not None and admission_timeout < 0):
            msg = (
                f"max_waiting is {max_waiting} and admission_timeout {admission_timeout}: neither can be negative; "
                "None is no limit"
            )
            raise InvalidPoolSize(msg)
        self._tokens = tokens
        self._max_waiting = max_waiting
        self._admission_timeout = admission_timeout
        self._forget()
        # Threads do not survive a fork, and a lock may have been held by one of them.
        call_in_forked_child(self._forget)

    def _forget(self) -> None:
        self._lock = threading.Lock()
        self._endings: dict[Lane, AsyncGenerator[None, None]] = {}
        self.lanes: dict[asyncio.AbstractEventLoop, Lane] = {}
        self.anyio = AnyioLanes(self._max_waiting, self._admission_timeout)

    @property
    def tokens(self) -> int:
        """Calls that may run at once."""
        return self._tokens

    @property
    def waiting(self) -> int:
        """Calls that wait for a token on the running event loop."""
        lane = self.lanes.get(asyncio.get_running_loop())
        return lane.admission.waiting if lane is not None else 0

    def lane(self, loop: asyncio.AbstractEventLoop) -> Lane:
        """Return the part of this capacity that belongs to the running *loop*."""
        lane = self.lanes.get(loop)
        if lane is not None:
            return lane
        lane = Lane(loop, self._tokens, max_waiting=self._max_waiting, admission_timeout=self._admission_timeout)
        ending = when_loop_ends(lambda: self._end(loop))
        with self._lock:
            closed = [other for other in self.lanes if other.is_closed()]  # without having shut down their generators
            self.lanes[loop] = lane
            self._endings[lane] = ending
        for other in closed:
            self._end(other)
        return lane

    def _end(self, loop: asyncio.AbstractEventLoop) -> None:
        with self._lock:
            lane = self.lanes.pop(loop, None)
            if lane is not None:
                self._endings.pop(lane, None)
        if lane is not None:
            lane.close()

    def resize(self, tokens: int) -> None:
        """
        Have *tokens* from now on, on every event loop. Callable from any thread.

        Calls that run go on; with fewer tokens than they hold, the next is admitted once enough of them have ended.

        Raises:
            InvalidPoolSize: *tokens* is less than one.
        """
        _check_tokens(tokens)
        self._tokens = tokens
        running = _running_loop()
        with self._lock:
            lanes = list(self.lanes.items())
        for loop, lane in lanes:
            if loop is running:
                lane.resize(tokens)
            elif not loop.is_closed():
                loop.call_soon_threadsafe(lane.resize, tokens)

    async def drain(self, *, deadline: float) -> tuple[StuckCall, ...]:
        """
        Shut down on the running event loop: take no more calls, and wait for those there are.

        Args:
            deadline: Seconds until the calls that wait are refused and those that run are stopped, as if they were cancelled.

        Returns:
            What still ran a second after that, with its stack; such threads do not keep the interpreter alive.
        """
        lane = self.lanes.get(asyncio.get_running_loop())
        return await lane.drain(deadline) if lane is not None else ()

    def reopen(self) -> None:
        """Take calls again on the running event loop after `drain`."""
        lane = self.lanes.get(asyncio.get_running_loop())
        if lane is not None:
            lane.admission.reopen()

    def statistics(self) -> CapacityStatistics:
        """Return a snapshot of the running event loop's part, or outside of a loop that of all of them together."""
        running = _running_loop()
        if running is not None:
            lane = self.lanes.get(running)
            return lane.statistics() if lane is not None else CapacityStatistics(self._tokens)
        with self._lock:
            lanes = list(self.lanes.values())
        foreign = self.anyio.current()
        if foreign is not None:
            return foreign.statistics()
        return merge(self._tokens, (lane.statistics() for lane in lanes))


def _check_tokens(tokens: int) -> None:
    if tokens < 1:
        msg = (
            f"capacity is {tokens}, but at least 1 token is needed to run anything: raise the pool size or the capacity"
        )
        raise InvalidPoolSize(msg)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
