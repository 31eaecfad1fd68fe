"""Wait until something happens in a directory."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

__all__ = ["DirectoryWatch"]

logger = logging.getLogger("bridge.stages")

# Editors write a file in several steps, milliseconds apart.
SETTLED_MS: Final = 50
LONGEST_UNSETTLED_MS: Final = 400


class DirectoryWatch:
    """
    Tells when something in a directory changes, for as long as the operating system does.

    The directory rather than a file, because a file that is replaced is another one; a ConfigMap only changes a link beside it.
    """

    def __init__(self, directory: Path, watchfiles: ModuleType) -> None:
        """
        Args:
            directory: The directory, without those below it.
            watchfiles: The package of that name.
        """
        self._directory = directory
        self._changes = watchfiles.awatch(
            directory, watch_filter=None, recursive=False, step=SETTLED_MS, debounce=LONGEST_UNSETTLED_MS
        )
        self._next: asyncio.Task[None] | None = asyncio.create_task(self._begin())

    async def wait(self, at_most: float) -> None:
        """Return after the next change, or after *at_most* seconds."""
        if self._next is None:
            await asyncio.sleep(at_most)
            return
        await asyncio.wait([self._next], timeout=at_most)
        if not self._next.done():
            return
        error = self._next.exception()
        if error is None:
            self._next = asyncio.create_task(self._begin())
            return
        # For example the operating system's limit of watches, which containers of one host share.
        logger.warning("%s is not watched, so it is looked at every %g s: %s", self._directory, at_most, error)
        self._next = None
        await asyncio.sleep(at_most)

    async def close(self) -> None:
        """Stop watching."""
        if self._next is not None:
            self._next.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.wait([self._next])
        await self._changes.aclose()

    async def _begin(self) -> None:
        await anext(self._changes)
