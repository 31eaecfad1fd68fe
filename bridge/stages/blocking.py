"""Calls that may block for ever, as a network file system and other people's providers do."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Blocking", "on_thread"]

T = TypeVar("T")


def on_thread(call: Callable[[], T], *, name: str) -> Future[T]:
    """Run *call* on a thread of its own called *name*, which the process does not wait for when it ends."""
    future: Future[T] = Future()
    # Here, because whoever awaits it may be cancelled before the thread has begun.
    future.set_running_or_notify_cancel()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is awaited
            future.set_exception(error)

    Thread(target=run, name=name, daemon=True).start()
    return future


class Blocking:
    """Runs calls that may block for ever, each on a thread of its own; no further one while one is overdue."""

    def __init__(self, name: str, *, timeout: float) -> None:
        """
        Args:
            name: Names the threads.
            timeout: Seconds that a call may take.
        """
        self._name = name
        self._timeout = timeout
        self._overdue: list[Future[Any]] = []

    async def run(self, call: Callable[[], T]) -> T:
        """
        Return what *call* returns.

        Raises:
            TimeoutError: It takes too long and is left alone; or one before it did, and has not ended yet.

        Cancellation:
            Delivered at once; *call* is left alone.
        """
        self._overdue = [each for each in self._overdue if not each.done()]
        if self._overdue:
            raise TimeoutError
        future = on_thread(call, name=self._name)
        try:
            async with asyncio.timeout(self._timeout):
                return await asyncio.wrap_future(future)
        except TimeoutError:
            self._overdue.append(future)
            raise
