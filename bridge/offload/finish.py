"""Finish what must not be left half done."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from anyio import CancelScope

if TYPE_CHECKING:
    from collections.abc import Coroutine

__all__ = ["finish", "settled"]

T = TypeVar("T")


async def finish(work: Coroutine[object, object, T], *, patience: float | None = None) -> T:
    """
    Run *work* to its end and return its result.

    Equivalent to ``await work``, except that it cannot be interrupted.

    Args:
        work: Runs in a task of its own.
        patience: Seconds that it may take once its caller is cancelled; then it is cancelled as well, once. None is for ever.

    Cancellation:
        Delivered when *work* has ended.
    """
    task = asyncio.ensure_future(work)
    try:
        await settled(task, patience=patience)
    except asyncio.CancelledError:
        if not task.cancelled():
            task.exception()  # seen, so that asyncio does not report it as lost
        raise
    return task.result()


async def settled(task: asyncio.Future[T], *, patience: float | None = None) -> None:
    """
    Wait until *task* is done, however it ends.

    Args:
        task: What to wait for.
        patience: Seconds after a cancellation of the caller when *task* is cancelled, too; None is never.

    Cancellation:
        Delivered afterwards. A shielded scope alone holds back AnyIO's cancellation, which would otherwise come over and over, but
        not ``Task.cancel``, which interrupts whatever the caller awaits: hence the loop.
    """
    cancelled: asyncio.CancelledError | None = None
    timer: asyncio.TimerHandle | None = None
    if patience is not None:
        # Without the shield, because behind it the first cancellation of a scope could not be noticed. Mostly there is none.
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
            timer = asyncio.get_running_loop().call_later(patience, task.cancel)
        else:
            return
    with CancelScope(shield=True):
        while not task.done():
            try:
                await asyncio.wait([task])
            except asyncio.CancelledError as error:
                cancelled = error
    if timer is not None:
        timer.cancel()
    if cancelled is not None:
        raise cancelled
