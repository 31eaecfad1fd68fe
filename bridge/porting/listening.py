"""Event listeners that come off again, and the times at which they listen."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, event

from bridge.errors import BridgeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["always", "covers", "listening"]


logger = logging.getLogger("bridge.porting")


@contextmanager
def listening(*listeners: tuple[Any, str, Callable[..., Any]]) -> Iterator[None]:
    """
    Have each function listen to the event of its target for the time of the block.

    What an instrument raises on purpose goes through; a defect of an instrument is logged, and the application goes on.
    """
    added = []
    try:
        for target, name, function in listeners:
            listener = _harmless(function)
            event.listen(target, name, listener)
            added.append((target, name, listener))
        yield
    finally:
        for target, name, function in reversed(added):
            event.remove(target, name, function)


def covers(engines: tuple[Engine, ...], engine: Engine) -> bool:
    """Tell whether an instrument for *engines*, or for all where there are none, looks at *engine*."""
    return not engine.dialect.is_async and (not engines or any(engine is each for each in engines))


def always() -> bool:
    """Say yes: an instrument that looks at everything."""
    return True


def _harmless(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def listener(*arguments: Any) -> None:
        try:
            function(*arguments)
        except BridgeError:
            raise
        except Exception:  # what looks at a statement must not fail it
            logger.exception("%s failed; the statement is not judged", function.__qualname__)

    return listener
