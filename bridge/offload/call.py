"""Run one synchronous call on a worker thread."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple

from anyio import CapacityLimiter, to_thread

from bridge.errors import LegacyIsAsync
from bridge.offload.finish import finish

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.offload.capacity import Capacity

__all__ = ["offload", "refuse_async"]

Args = TypeVarTuple("Args")
T = TypeVar("T")


async def offload(fn: Callable[[*Args], T], *args: *Args, capacity: Capacity) -> T:
    """
    Run *fn* on a worker thread and await its result.

    Equivalent to ``fn(*args)``, except that the event loop stays free. The caller's context variables are visible to
    *fn*; what *fn* sets in them is not visible to the caller.

    Args:
        fn: Synchronous callable. Keyword arguments go in through `functools.partial`.
        *args: Arguments of *fn*.
        capacity: The tokens that bound how many calls run at once.

    Raises:
        LegacyIsAsync: *fn* is a coroutine function or an asynchronous generator function.

    Cancellation:
        Before a token: the call never runs. While running: the cancellation is delivered when the thread is done, and the
        token is returned then, not before.
    """
    refuse_async(fn)
    async with capacity.limiter:
        # The token is held here, until the thread is done; AnyIO's own limiter gives it back as soon as the task is cancelled.
        return await finish(to_thread.run_sync(fn, *args, limiter=CapacityLimiter(1)))


def refuse_async(fn: Callable[..., object]) -> None:
    """
    Check that *fn* can run on a worker thread.

    Raises:
        LegacyIsAsync: *fn* is a coroutine function or an asynchronous generator function.
    """
    if inspect.iscoroutinefunction(fn) or inspect.isasyncgenfunction(fn):
        name = getattr(fn, "__qualname__", repr(fn))
        msg = f"{name} is asynchronous: await it on the event loop instead of offloading it"
        raise LegacyIsAsync(msg)
