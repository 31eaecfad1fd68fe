"""Begin anew in a forked process."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from weakref import WeakMethod

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["call_in_forked_child"]


def call_in_forked_child(method: Callable[[], object]) -> None:
    """
    Call *method* in every process that is forked while its object lives. Does nothing on a system without fork.

    Args:
        method: A bound method; its object is not kept alive, though what is registered at fork stays registered.
    """
    if not hasattr(os, "register_at_fork"):
        return
    weak = WeakMethod(method)

    def call() -> None:
        alive = weak()
        if alive is not None:
            alive()

    os.register_at_fork(after_in_child=call)
