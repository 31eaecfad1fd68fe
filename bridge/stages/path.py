"""The ways to answer a request."""

from __future__ import annotations

from enum import Enum

__all__ = ["Path"]


class Path(Enum):
    """
    One way to answer a request.

    Attributes:
        FLASK: The untouched Flask view, on a worker thread.
        BRIDGED: A FastAPI route that calls the legacy function, on a worker thread.
        NATIVE: A FastAPI route ported to `AsyncSession`, on the event loop.
    """

    FLASK = "flask"
    BRIDGED = "bridged"
    NATIVE = "native"
