"""One offloaded call on its way: from the caller to a thread and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio
    import threading
    from collections.abc import Callable
    from contextvars import Context

    from bridge.offload.admission import Admission
    from bridge.offload.armed import Armed
    from bridge.offload.portal import Portal
    from bridge.offload.worker import Worker

__all__ = ["Job"]


class Job:
    """
    One call, from its submission to its end.

    The event loop owns all attributes but those that the worker fills between taking the job from its queue and handing it
    back: *worker*, *armed*, *result*, *error*, *started_ns* and *ended_ns*. *stopping* is set by the loop and read by both.

    Attributes:
        fn: The function.
        args: Its arguments.
        context: The context variables it runs with.
        future: What the caller awaits; replaced when a cancellation kills it.
        admission: Where its token comes from.
        portal: The call back into the loop that it was made from, if any.
        waiting: It is in a line, and no thread has taken it. Guarded by the lock of the line.
        done: It has ended, and its token is back.
        inner: The call back into the loop that it waits for now, if any.
        expired: Its deadline passed while it ran.
        stopping: Set when the job is over; there is one from the moment it was asked to stop.
        severing: Looks whether what it holds has to be cut; as *stopping*.
        queued_ns: When it began to wait for a token, by `time.perf_counter_ns`; 0 if one was free.
    """

    # What few jobs need is a default of the class, and goes into the dictionary: a job is made for each call.
    __slots__ = (
        "__dict__",
        "admission",
        "args",
        "context",
        "done",
        "ended_ns",
        "error",
        "fn",
        "future",
        "portal",
        "result",
        "started_ns",
        "waiting",
        "worker",
    )

    admission: Admission
    future: asyncio.Future[None]
    result: Any
    ended_ns: int
    queued_ns: int = 0
    armed: list[Armed] | None = None
    expired: bool = False
    inner: Portal | None = None
    stopping: threading.Event | None = None
    severing: asyncio.TimerHandle | None = None

    def __init__(
        self, fn: Callable[..., Any], args: tuple[Any, ...], context: Context, portal: Portal | None = None
    ) -> None:
        self.fn = fn
        self.args = args
        self.context = context
        self.portal = portal
        self.done = self.waiting = False
        self.error: BaseException | None = None
        self.started_ns = 0
        self.worker: Worker | None = None

    def wake(self) -> None:
        """Let the caller go on."""
        if not self.future.done():
            self.future.set_result(None)
