"""The application context of Flask on the event loop."""

from __future__ import annotations

from contextvars import copy_context
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

__all__ = ["in_app_context"]

Args = TypeVarTuple("Args")
T = TypeVar("T")


def in_app_context(app: Flask, call: Callable[[*Args], T], *args: *Args) -> T:
    """Run *call*, which leaves nothing to tear down, inside an application context of its own."""
    context = copy_context()
    # Never popped: its teardown hooks may block.
    context.run(app.app_context().push)
    return context.run(call, *args)
