"""Waiting for a worker thread in spite of cancellation."""

from __future__ import annotations

import asyncio

from anyio import CancelScope

__all__ = ["settled"]


async def settled(task: asyncio.Task[None]) -> None:
    """
    Wait until the thread that *task* waits for is done: its token and its files are its own until then.

    Cancellation:
        Is delivered afterwards.
    """
    cancelled: asyncio.CancelledError | None = None
    # The shield keeps an AnyIO scope from cancelling the wait over and over; a plain cancel still arrives once.
    with CancelScope(shield=True):
        while not task.done():
            try:
                await asyncio.wait({task})
            except asyncio.CancelledError as error:
                cancelled = error
    if cancelled is not None:
        raise cancelled
