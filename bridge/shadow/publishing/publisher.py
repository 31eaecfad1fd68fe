"""What gets the checks that are worth reading."""

from __future__ import annotations

import inspect
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from anyio import to_thread

from bridge.shadow.check import Verdict
from bridge.shadow.comparing import describe

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from bridge.shadow.check import Check

__all__ = ["CallbackPublisher", "LogPublisher", "PublishStatistics", "Publisher"]

LEVELS: Final = {
    Verdict.MISMATCHED: logging.WARNING,
    Verdict.NOT_COMPARABLE: logging.INFO,
    Verdict.EXCUSED: logging.DEBUG,
}


class Publisher(Protocol):
    """Stores or shows checks that did not match. They are redacted already."""

    async def publish(self, checks: Sequence[Check]) -> None:
        """
        Store or show *checks*, in the order made.

        Raises:
            Exception: They could not be published. They are counted as failed, and not tried again.

        Cancellation:
            Comes when it takes too long.
        """

    async def close(self) -> None:
        """Let go of connections and files."""


@dataclass(frozen=True, slots=True)
class PublishStatistics:
    """
    What became of the checks in this process.

    Attributes:
        verdicts: Checks by verdict. Those that matched are only counted.
        published: Checks that a publisher took, by publisher.
        failed: Checks that a publisher failed with, or was too slow for, by publisher.
        dropped: Checks that found too many waiting, by publisher.
        waiting: Checks that wait now, by publisher.
    """

    verdicts: Mapping[str, int]
    published: Mapping[str, int]
    failed: Mapping[str, int]
    dropped: Mapping[str, int]
    waiting: Mapping[str, int]


class LogPublisher:
    """
    Logs each check as `describe` writes it, to the logger ``bridge.shadow.checks``.

    A mismatch is a warning, a check that cannot be compared is info, and what is excused is debug.
    """

    def __init__(self, logger: logging.Logger | None = None) -> None:
        """
        Args:
            logger: Another logger.
        """
        self._logger = logger or logging.getLogger("bridge.shadow.checks")

    async def publish(self, checks: Sequence[Check]) -> None:
        """Log *checks*."""
        for check in checks:
            level = LEVELS.get(check.verdict, logging.DEBUG)
            if self._logger.isEnabledFor(level):
                self._logger.log(level, "%s", describe(check))

    async def close(self) -> None:
        """There is nothing to let go of."""


class CallbackPublisher:
    """Calls a function with each check: a coroutine function on the event loop, any other on a worker thread, one call at a time."""

    def __init__(self, callback: Callable[[Check], Awaitable[object] | object]) -> None:
        """
        Args:
            callback: Gets the check. What it raises is counted.
        """
        self._callback = callback
        self._is_async = inspect.iscoroutinefunction(callback)
        self._running = False

    async def publish(self, checks: Sequence[Check]) -> None:
        """
        Call the function with each of *checks*.

        Raises:
            TimeoutError: An earlier call, which was too slow, still runs.
        """
        for check in checks:
            if self._is_async:
                await self._callback(check)  # type: ignore[misc]  # a coroutine function returns an awaitable
            else:
                if self._running:
                    msg = "an earlier call of the callback has not returned"
                    raise TimeoutError(msg)
                self._running = True
                await to_thread.run_sync(self._call, check, abandon_on_cancel=True)

    async def close(self) -> None:
        """There is nothing to let go of."""

    def _call(self, check: Check) -> None:
        try:
            self._callback(check)
        finally:
            self._running = False
