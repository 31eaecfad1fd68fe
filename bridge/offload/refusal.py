"""What cannot run on a worker thread, and results that must not leave it."""

from __future__ import annotations

import inspect
from functools import partial
from types import AsyncGeneratorType, BuiltinFunctionType, CoroutineType, GeneratorType
from typing import TYPE_CHECKING, Final

from bridge.errors import LegacyIsAsync, ResultIsLazy

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LAZY_TYPES", "REFUSED", "check_callable", "name_of", "refuse_lazy"]

REFUSED: Final = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR | inspect.CO_GENERATOR
SYNCHRONOUS: Final = frozenset({BuiltinFunctionType, type})
LAZY_TYPES: Final = frozenset({AsyncGeneratorType, CoroutineType, GeneratorType})


def name_of(fn: Callable[..., object]) -> str:
    """Return the name of *fn* for a message."""
    while isinstance(fn, partial):
        fn = fn.func
    return getattr(fn, "__qualname__", None) or type(fn).__qualname__


def check_callable(fn: Callable[..., object]) -> None:
    """
    Check that *fn* can run on a worker thread.

    Raises:
        LegacyIsAsync: *fn* is a coroutine function or an asynchronous generator function.
        ResultIsLazy: *fn* is a generator function.
    """
    target = fn
    while type(target) is partial:
        target = target.func
    code = getattr(target, "__code__", None)
    if (code is not None and not code.co_flags & REFUSED) or type(target) in SYNCHRONOUS:
        return
    if not inspect.isroutine(target) and not isinstance(target, type):
        target = type(target).__call__  # an instance with an asynchronous __call__
    if inspect.iscoroutinefunction(target) or inspect.isasyncgenfunction(target):
        msg = f"{name_of(fn)} is asynchronous: await it on the event loop instead of offloading it"
        raise LegacyIsAsync(msg)
    if inspect.isgeneratorfunction(target):
        msg = f"{name_of(fn)} is a generator: its body would run on the event loop; offload a function that returns a list"
        raise ResultIsLazy(msg)


def refuse_lazy(fn: Callable[..., object], result: object) -> None:
    """
    Refuse a *result* that has yet to run, of an *fn* that did not look like it.

    Raises:
        LegacyIsAsync: It is a coroutine or an asynchronous generator.
        ResultIsLazy: It is a generator.
    """
    if isinstance(result, CoroutineType):
        result.close()  # else Python warns that it was never awaited
    if isinstance(result, GeneratorType):
        result.close()
        msg = f"{name_of(fn)} returned a generator, which would run on the event loop: return a list"
        raise ResultIsLazy(msg)
    msg = f"{name_of(fn)} returned something to await: await it on the event loop instead of offloading it"
    raise LegacyIsAsync(msg)
