"""How many calls may run at once."""

from __future__ import annotations

from dataclasses import dataclass

from anyio import CapacityLimiter
from anyio.lowlevel import RunVar

from bridge.errors import InvalidPoolSize

__all__ = ["Capacity", "CapacityStatistics"]


@dataclass(frozen=True, slots=True)
class CapacityStatistics:
    """
    A snapshot of one capacity on the running event loop.

    Attributes:
        tokens: How many calls may run at once.
        running: Calls that hold a token now.
        waiting: Calls that wait for a token now.
    """

    tokens: int
    running: int
    waiting: int


class Capacity:
    """
    The tokens that bound how many offloaded calls run at once.

    One capacity may serve several event loops (each test has its own); the bound then holds for each of them.
    """

    def __init__(self, tokens: int) -> None:
        """
        Args:
            tokens: Calls that may run at once, at least 1. Derive it from the scarce resource: the connection pool.

        Raises:
            InvalidPoolSize: *tokens* is less than one.
        """
        if tokens < 1:
            msg = f"capacity is {tokens}, but at least 1 token is needed to run anything: raise the pool size or the capacity"
            raise InvalidPoolSize(msg)
        self._tokens = tokens
        self._limiters: RunVar[CapacityLimiter] = RunVar(f"bridge.capacity.{id(self)}")

    @property
    def tokens(self) -> int:
        """Calls that may run at once."""
        return self._tokens

    @property
    def limiter(self) -> CapacityLimiter:
        """The AnyIO limiter of the running event loop."""
        try:
            return self._limiters.get()
        except LookupError:
            limiter = CapacityLimiter(self._tokens)
            self._limiters.set(limiter)
            return limiter

    def statistics(self) -> CapacityStatistics:
        """Return a snapshot of tokens held and awaited on the running event loop."""
        statistics = self.limiter.statistics()
        return CapacityStatistics(self._tokens, statistics.borrowed_tokens, statistics.tasks_waiting)
