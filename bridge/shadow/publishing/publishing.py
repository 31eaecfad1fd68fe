"""Hand checks to publishers, without anybody waiting for one."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from typing import TYPE_CHECKING, Final

from bridge.errors import InvalidShadowSetting
from bridge.shadow.check import Verdict
from bridge.shadow.publishing.publisher import PublishStatistics
from bridge.shadow.redacting import Redaction, redact

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bridge.shadow.check import Check
    from bridge.shadow.publishing.publisher import Publisher

__all__ = ["Publishing"]

logger = logging.getLogger("bridge.shadow")

DEFAULT: Final = Redaction()
# One transaction for so many; large enough for a flood, small enough to lose.
BATCH: Final = 100


class Publishing:
    """
    Takes checks, and gives those that did not match to each publisher, redacted.

    Each publisher has a queue of its own, so none waits for another. One that fails, hangs or is slow loses checks, which are counted.

    Attributes:
        publishers: Get the checks.
    """

    def __init__(
        self,
        publishers: Sequence[Publisher],
        *,
        redaction: Redaction = DEFAULT,
        queue: int = 1000,
        timeout: float = 5.0,
    ) -> None:
        """
        Args:
            publishers: Get the checks.
            redaction: What is hidden before.
            queue: Checks that may wait for each publisher; the next is dropped.
            timeout: Seconds that a publisher may take for at most 100 checks.

        Raises:
            InvalidShadowSetting: *queue* is less than 1, or *timeout* not positive.
        """
        if queue < 1 or timeout <= 0:
            msg = f"queue={queue}, timeout={timeout}: at least 1 check has to wait, and more than 0 seconds have to be allowed"
            raise InvalidShadowSetting(msg)
        names = Counter[str]()
        self._outlets: list[_Outlet] = []
        for publisher in publishers:
            kind = type(publisher).__name__
            names[kind] += 1
            name = kind if names[kind] == 1 else f"{kind} {names[kind]}"
            self._outlets.append(_Outlet(name, publisher, queue, timeout))
        self.publishers = tuple(publishers)
        self._redaction = redaction
        self._verdicts = Counter[str]()

    def take(self, check: Check) -> None:
        """Publish *check* soon, or drop it. Call it on the event loop. Never raises, and never waits."""
        self._verdicts[check.verdict.value] += 1
        if check.verdict is not Verdict.MATCHED:
            pending = _Pending(check, self._redaction)
            for outlet in self._outlets:
                outlet.take(pending)

    def statistics(self) -> PublishStatistics:
        """Return a snapshot."""

        def by_publisher(count: Callable[[_Outlet], int]) -> dict[str, int]:
            return {outlet.name: count(outlet) for outlet in self._outlets}

        return PublishStatistics(
            verdicts=dict(self._verdicts),
            published=by_publisher(lambda outlet: outlet.published),
            failed=by_publisher(lambda outlet: outlet.failed),
            dropped=by_publisher(lambda outlet: outlet.dropped),
            waiting=by_publisher(lambda outlet: len(outlet.waiting)),
        )

    async def settled(self) -> None:
        """Return when every check that was taken has been published, failed or dropped."""
        for outlet in self._outlets:
            while outlet.worker is not None and not outlet.worker.done():
                await asyncio.wait([outlet.worker])

    async def close(self, *, patience: float = 1.0) -> None:
        """
        Publish what waits, drop what is left after that, and close the publishers.

        Args:
            patience: Seconds to wait for what waits.
        """
        try:
            async with asyncio.timeout(patience):
                await self.settled()
        except TimeoutError:
            pass
        await asyncio.gather(*(outlet.close(patience) for outlet in self._outlets))


class _Pending:
    """A check that is redacted once, by whoever needs it first, off the event loop."""

    def __init__(self, check: Check, redaction: Redaction) -> None:
        self._check = check
        self._redaction = redaction
        self._task: asyncio.Task[Check] | None = None

    async def redacted(self) -> Check:
        if self._task is None:
            self._task = asyncio.create_task(asyncio.to_thread(redact, self._check, self._redaction))
        return await asyncio.shield(self._task)


class _Outlet:
    """One publisher, and what waits for it."""

    def __init__(self, name: str, publisher: Publisher, size: int, timeout: float) -> None:
        self.name = name
        self.published = self.failed = self.dropped = 0
        self.waiting: deque[_Pending] = deque()
        self.worker: asyncio.Task[None] | None = None
        self._publisher = publisher
        self._size = size
        self._timeout = timeout

    def take(self, pending: _Pending) -> None:
        if len(self.waiting) >= self._size:
            self.dropped += 1
            return
        self.waiting.append(pending)
        loop = asyncio.get_running_loop()
        # A worker of a loop that has ended will never go on.
        if self.worker is None or self.worker.done() or self.worker.get_loop() is not loop:
            self.worker = loop.create_task(self._work(), name=f"bridge {self.name}")

    async def close(self, patience: float) -> None:
        self.dropped += len(self.waiting)
        self.waiting.clear()
        if self.worker is not None and self.worker.get_loop() is asyncio.get_running_loop():
            self.worker.cancel()
            await asyncio.wait([self.worker], timeout=patience)
        try:
            async with asyncio.timeout(patience):
                await self._publisher.close()
        except Exception:  # the application ends anyway, and its other parts have to be closed
            logger.exception("%s could not be closed", self.name)

    async def _work(self) -> None:
        while self.waiting:
            batch = [self.waiting.popleft() for _ in range(min(BATCH, len(self.waiting)))]
            try:
                async with asyncio.timeout(self._timeout):
                    await self._publisher.publish([await pending.redacted() for pending in batch])
            except asyncio.CancelledError:
                self.failed += len(batch)
                raise
            except Exception:
                # Nobody waits for it, and the next batch may go through.
                self.failed += len(batch)
                logger.exception("%s failed with %d checks", self.name, len(batch))
            else:
                self.published += len(batch)
