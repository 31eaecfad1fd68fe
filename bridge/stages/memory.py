"""Stages in the memory of this process, for tests and for programs without a store."""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Final

from bridge.stages.store import StageChange, StageEntry, require_version

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

__all__ = ["MemoryStageStore"]

REMEMBERED: Final = 1000


class MemoryStageStore:
    """Keeps stages for as long as the process runs, and its last thousand changes. Shared by every `Stages` that is given it."""

    def __init__(self) -> None:
        self._entries: dict[str, StageEntry] = {}
        self._history: deque[StageChange] = deque(maxlen=REMEMBERED)
        self._changing = Lock()
        self._followers: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}

    def __repr__(self) -> str:
        return "MemoryStageStore()"

    async def load(self) -> Mapping[str, StageEntry]:
        """Return every entry."""
        return self._entries

    async def change(self, operation: str, setting: str, *, who: str, why: str, expected: int | None) -> StageChange:
        """
        Set *operation*; see `StageStore.change`.

        Raises:
            StageConflict: Somebody has changed it since.
        """
        return self.put(operation, setting, who=who, why=why, expected=expected)

    def put(self, operation: str, setting: str, *, who: str, why: str, expected: int | None = None) -> StageChange:
        """Do what `change` does, from any thread."""
        with self._changing:
            entry = self._entries.get(operation)
            current = entry.version if entry else 0
            last = next((change for change in reversed(self._history) if change.operation == operation), None)
            require_version(operation, expected, current, last)
            before = entry.setting if entry else None
            change = StageChange(operation, before, setting, current + 1, who, why, datetime.now(UTC))
            # Another mapping each time, because those who follow keep the last one.
            self._entries = {**self._entries, operation: StageEntry(setting, change.version)}
            self._history.append(change)
            followers = tuple(self._followers.items())
        for changed, loop in followers:
            if not loop.is_closed():
                loop.call_soon_threadsafe(changed.set)
        return change

    async def history(self, operation: str | None = None, *, limit: int = 100) -> Sequence[StageChange]:
        """Return the newest *limit* changes, newest first."""
        with self._changing:
            changes = [change for change in reversed(self._history) if operation in {None, change.operation}]
        return changes[:limit]

    async def follow(self) -> AsyncGenerator[Mapping[str, StageEntry], None]:
        """Yield every entry, and again after each change."""
        changed = asyncio.Event()
        self._followers[changed] = asyncio.get_running_loop()
        try:
            while True:
                changed.clear()
                yield self._entries
                await changed.wait()
        finally:
            del self._followers[changed]

    async def close(self) -> None:
        """Do nothing: what is in memory needs no closing."""
