"""The task that keeps the stages of one process as its store says."""

from __future__ import annotations

import asyncio
import logging
import random
from contextlib import aclosing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from bridge.offload import wait_at_most
from bridge.stages.status import StoreStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bridge.stages.store import StageEntry, StageStore

__all__ = ["Follower"]

logger = logging.getLogger("bridge.stages")

FIRST_PAUSE_S: Final = 0.05
# So that a change is followed within about a second of the store's return.
LONGEST_PAUSE_S: Final = 1.0
# Longer than a store of ours takes to cut a connection.
LONGEST_STOP_S: Final = 5.0
ATTEMPTS_TO_STOP: Final = 10


class Follower:
    """
    Applies what a store says, for as long as the application runs.

    While the store cannot be read, what was applied last stands; it is tried again after a pause that doubles up to a second, less
    a random part of up to half, so that workers do not come back all at once.
    """

    def __init__(self, store: StageStore, apply: Callable[[Mapping[str, StageEntry]], bool]) -> None:
        """
        Args:
            store: The store to follow.
            apply: Is given all entries, and returns whether they differ from the ones before.
        """
        self._store = store
        self._apply = apply
        self._task: asyncio.Task[None] | None = None
        self._outcome = asyncio.Event()
        self._answered_at: datetime | None = None
        self._changed_at: datetime | None = None
        self._failing_since: datetime | None = None
        self._error: str | None = None

    async def start(self, *, patience: float) -> None:
        """
        Follow the store from now on, and return when it has been read or could not be.

        Args:
            patience: Seconds to wait for either.
        """
        if self._task is not None:
            return
        # Another one each time, since an application may start again on another event loop.
        self._outcome = asyncio.Event()
        self._task = asyncio.create_task(self._follow(), name="bridge.stages.follow")
        await wait_at_most(self._outcome, patience)
        if not self._outcome.is_set():
            self._failed(TimeoutError(f"no answer within {patience:g} s"))

    async def close(self) -> None:
        """Stop following, and let go of the store; whatever it does, whoever closes can go on and close the rest."""
        await self._stop()
        try:
            await self._store.close()
        except Exception:  # the application ends anyway, and its other parts have to be closed
            logger.exception("%r cannot be closed", self._store)

    def status(self, ignored: Mapping[str, str]) -> StoreStatus:
        """Return what is known of the store."""
        return StoreStatus(
            store=repr(self._store),
            following=self._task is not None and not self._task.done(),
            answered_at=self._answered_at,
            changed_at=self._changed_at,
            failing_since=self._failing_since,
            error=self._error,
            ignored=dict(ignored),
        )

    async def _stop(self) -> None:
        if self._task is None:
            return
        task, self._task = self._task, None
        # Not once, because a store of others may lose a cancellation, as asyncio.wait_for does before Python 3.12.
        for _ in range(ATTEMPTS_TO_STOP):
            task.cancel()
            if (await asyncio.wait([task], timeout=LONGEST_STOP_S / ATTEMPTS_TO_STOP))[0]:
                return
        logger.error("%r does not stop following within %g s, so it is left alone", self._store, LONGEST_STOP_S)

    async def _follow(self) -> None:
        loop, pause = asyncio.get_running_loop(), FIRST_PAUSE_S
        while True:
            began_at = loop.time()
            try:
                async with aclosing(self._store.follow()) as answers:
                    async for entries in answers:
                        self._answered(changed=self._apply(entries))
            except Exception as error:  # noqa: BLE001 - a store may be of any kind, and whatever it raises must not end the task
                self._failed(error)
            if loop.time() - began_at > LONGEST_PAUSE_S:
                pause = FIRST_PAUSE_S
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - nothing is to be kept secret
            pause = min(pause * 2, LONGEST_PAUSE_S)

    def _answered(self, *, changed: bool) -> None:
        self._answered_at = datetime.now(UTC)
        if changed:
            self._changed_at = self._answered_at
        if self._failing_since is not None:
            logger.warning("%r can be read again, after %s", self._store, self._answered_at - self._failing_since)
            self._failing_since = self._error = None
        self._outcome.set()

    def _failed(self, error: Exception) -> None:
        self._error = str(error) or type(error).__name__
        if self._failing_since is None:
            self._failing_since = datetime.now(UTC)
            what = "the last good stages stand" if self._answered_at else "everything stays at 'legacy' until it can"
            logger.warning("%r cannot be read, so %s: %s", self._store, what, self._error)
        self._outcome.set()
