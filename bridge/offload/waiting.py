"""Wait for an event, or a while."""

from __future__ import annotations

import asyncio
from contextlib import suppress

__all__ = ["wait_at_most"]


async def wait_at_most(event: asyncio.Event, seconds: float) -> None:
    """
    Return when *event* is set, or after so many *seconds*.

    Cancellation:
        Ends the wait, also when it comes together with the event: `asyncio.wait_for` of Python 3.11 loses it then, and whoever
        cancelled waits for ever.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
