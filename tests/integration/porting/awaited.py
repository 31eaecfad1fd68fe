"""A synchronous session behind the interface of the asynchronous one, so that one spelling of a case runs on both."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, AsyncSessionTransaction

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from sqlalchemy.orm import Session

__all__ = ["AwaitedSession", "finished"]


class Awaited:
    """Calls of *target* that are coroutines on *twin* become coroutines that are done at once."""

    def __init__(self, target: Any, twin: type) -> None:
        self._target = target
        self._twin = twin

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._target, name)
        if not inspect.iscoroutinefunction(getattr(self._twin, name, None)) and name != "begin_nested":
            return member

        async def call(*args: Any, **kwargs: Any) -> Any:
            result = member(*args, **kwargs)
            twin = {"connection": AsyncConnection, "begin_nested": AsyncSessionTransaction}.get(name)
            return Awaited(result, twin) if twin else result

        return call


class AwaitedSession(Awaited):
    """A `Session` whose calls are awaited like those of an `AsyncSession`."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, AsyncSession)


def finished(coroutine: Coroutine[Any, Any, object]) -> object:
    """Run a coroutine that never has to wait."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waits for something")
