"""Finish what must not be left half done."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from anyio import CancelScope

if TYPE_CHECKING:
    from collections.abc import Coroutine

__all__ = ["finish", "settled"]

T = TypeVar("T")


async def finish(work: Coroutine[object, object, T]) -> T:
    """
    Run *work* to its end and return its result.

    Equivalent to ``await work``, except that it cannot be interrupted.

    Cancellation:
        Delivered when *work* has ended.
    """
    task = asyncio.ensure_future(work)
    try:
        await settled(task)
    except asyncio.CancelledError:
        if not task.cancelled():
            task.exception()  # seen, so that asyncio does not report it as lost
        raise
    return task.result()


async def settled(task: asyncio.Future[T]) -> None:
    """
    Wait until *task* is done, however it ends.

    Cancellation:
        Delivered afterwards. A shielded scope alone holds back AnyIO's cancellation, which would otherwise come over and over, but
        not ``Task.cancel``, which interrupts whatever the caller awaits: hence the loop.
    """
    cancelled: asyncio.CancelledError | None = None
    with CancelScope(shield=True):
        while not task.done():
            try:
                await asyncio.wait([task])
            except asyncio.CancelledError as error:
                cancelled = error
    if cancelled is not None:
        raise cancelled
