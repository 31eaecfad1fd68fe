"""Finish what must not be left half done."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from anyio import CancelScope

if TYPE_CHECKING:
    from collections.abc import Coroutine

__all__ = ["finish"]

T = TypeVar("T")


async def finish(work: Coroutine[object, object, T]) -> T:
    """
    Run *work* to its end and return its result.

    Equivalent to ``await work``, except that it cannot be interrupted.

    Cancellation:
        Delivered when *work* has ended. A shielded scope alone holds back AnyIO's cancellation, but not ``Task.cancel``, which
        interrupts whatever the task awaits: the work therefore has a task of its own.
    """
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    with CancelScope(shield=True):
        while not task.done():
            try:
                await asyncio.wait([task])
            except asyncio.CancelledError as error:
                cancelled = error
    if cancelled is None:
        return task.result()
    if not task.cancelled():
        task.exception()  # seen, so that asyncio does not report it as lost
    raise cancelled
