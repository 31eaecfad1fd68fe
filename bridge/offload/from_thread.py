"""Call back into the event loop from a worker thread."""

from __future__ import annotations

from asyncio import CancelledError
from contextvars import copy_context
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple

from bridge.errors import NotOnWorker
from bridge.offload.fallback import call_anyio
from bridge.offload.portal import PORTAL, Portal
from bridge.offload.refusal import name_of
from bridge.offload.stopper import raise_if_stopped, stoppable
from bridge.offload.worker import CURRENT

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

__all__ = ["from_thread"]

Args = TypeVarTuple("Args")
T = TypeVar("T")


def from_thread(fn: Callable[[*Args], Coroutine[Any, Any, T]], *args: *Args) -> T:
    """
    Run the coroutine function *fn* on the event loop that offloaded the running call, and return its result.

    Equivalent to ``await fn(*args)`` there. While the thread waits, calls that *fn* offloads with the same capacity run on it,
    with its token; so nesting cannot exhaust the capacity.

    Args:
        fn: Coroutine function.
        *args: Arguments of *fn*.

    Raises:
        NotOnWorker: This thread runs no offloaded call.
        WorkStopped: The running call was stopped.
        BaseException: What *fn* raised.

    Cancellation:
        If the caller of the running call is cancelled or its deadline passes, *fn* is cancelled, once.
    """
    worker = CURRENT.worker
    job = worker.job if worker is not None else None
    if worker is None or job is None:
        msg = f"from_thread was asked to run {name_of(fn)}, but this thread runs no offloaded call: await it instead"
        raise NotOnWorker(msg)
    raise_if_stopped()
    completions = worker.completions
    if completions is None:
        return call_anyio(fn, args)
    portal = Portal(job, completions.loop)
    context = copy_context()
    context.run(PORTAL.set, portal)
    with stoppable(portal.cancel, repeat=False):
        completions.loop.call_soon_threadsafe(portal.begin, fn, args, context=context)
        try:
            result: T = portal.serve(worker, completions.put)
        except CancelledError:
            raise_if_stopped()
            raise
        return result
