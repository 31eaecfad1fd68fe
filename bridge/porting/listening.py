"""Event listeners that come off again, and the times at which they listen."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["always", "covers", "listening"]


@contextmanager
def listening(*listeners: tuple[Any, str, Callable[..., Any]]) -> Iterator[None]:
    """Have each function listen to the event of its target for the time of the block."""
    added = []
    try:
        for target, name, function in listeners:
            event.listen(target, name, function)
            added.append((target, name, function))
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
