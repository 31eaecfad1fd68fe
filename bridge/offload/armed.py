"""What can be done to a running job from outside of its thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from threading import Condition

__all__ = ["Armed", "settle"]


@dataclass(slots=True, eq=False)
class Armed:
    """
    One way to stop a job, or two: a polite one, and one for when that does not help.

    All attributes are guarded by the lock of the job's worker.

    Attributes:
        key: Finds it again.
        stop: Called on another thread, without a lock; None while the job must not be interrupted.
        repeat: Call it again while the job goes on.
        cut: Called on the event loop, under the lock, if the job still goes on after *patience*: it must not block. None is nothing.
        patience: Seconds between the first *stop* and *cut*.
        pressed: *stop* was called.
        under_way: *stop* is being called now.
        severed: *cut* was called; what *stop* does since can hit nobody else.
    """

    key: object
    stop: Callable[[], object] | None = None
    repeat: bool = True
    cut: Callable[[], object] | None = None
    patience: float = 0.0
    pressed: bool = False
    under_way: bool = False
    severed: bool = False


def settle(entries: Iterable[Armed], settled: Condition) -> None:
    """Have none of *entries* called from now on, and wait for calls under way; the lock of *settled* is held by the caller."""
    for each in entries:
        each.stop = None
        # A call that hangs because the network does would never end; but once its connection is cut, that has no next tenant.
        while each.under_way and not each.severed:
            settled.wait()
