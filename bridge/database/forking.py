"""Give a forked process connections of its own."""

from __future__ import annotations

import os
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Engine, Pool

__all__ = ["connect_anew_after_fork"]


def connect_anew_after_fork(*engines: Engine) -> None:
    """
    Have *engines* begin with empty pools in every process that is forked, so that no connection is used by two processes.

    Those of the parent stay open and are its own. Does nothing on a system without fork.

    Args:
        engines: Synchronous engines, or the synchronous faces of asynchronous ones; they are not kept alive.
    """
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_Renewal(*engines))


class _Renewal:
    """Replace the pools of engines, without keeping these alive: what is registered at fork stays registered."""

    __slots__ = ("_engines", "_inherited")

    def __init__(self, *engines: Engine) -> None:
        self._engines = weakref.WeakSet(engines)
        self._inherited: list[Pool] = []

    def __call__(self) -> None:
        for engine in self._engines:
            # Kept, because some drivers say goodbye to the server for a connection that is collected, and the parent is not gone.
            self._inherited.append(engine.pool)
            engine.dispose(close=False)
