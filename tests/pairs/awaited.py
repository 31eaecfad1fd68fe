"""
A session whose methods await those of `AsyncSession`, so that a case runs through them unchanged.

``run_sync`` hands a case the `Session` inside. Here each call goes out to the awaiting side and back in by the public method, as a
ported endpoint makes it.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from sqlalchemy.util import await_only

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.ext.asyncio import AsyncSession

__all__ = ["Awaited"]


class Awaited:
    """Looks like a `Session`; only inside ``run_sync``."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._session, name)
        if not callable(found):
            return found
        return _awaiting(found)


def _awaiting(method: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **options: Any) -> Any:
        result = method(*args, **options)
        return await_only(result) if inspect.isawaitable(result) else result

    return call
