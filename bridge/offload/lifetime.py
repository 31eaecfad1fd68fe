"""Learn that an event loop ends, without being told by anybody but the loop."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

__all__ = ["when_loop_ends"]


def when_loop_ends(callback: Callable[[], None]) -> AsyncGenerator[None, None]:
    """
    Have *callback* called when the running event loop shuts down its asynchronous generators.

    `asyncio.run`, `asyncio.Runner`, uvicorn and pytest all do that before they close a loop.

    Returns:
        What has to be kept alive until then.
    """
    generator = _wait(callback)
    with suppress(StopIteration):
        # The first step, which introduces it to the loop, needs no waiting.
        generator.__anext__().send(None)
    return generator


async def _wait(callback: Callable[[], None]) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        callback()
