"""Run the candidate of a request that writes, so that nothing of it stays."""

from __future__ import annotations

import asyncio
import logging
from asyncio import CancelledError
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import perf_counter
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import SQLAlchemyError

from bridge.offload import finish
from bridge.shadow.egress import egress_guard
from bridge.shadow.replay import Answer, call_asgi
from bridge.shadow.write_recording import WriteRecording

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bridge.database import CandidateUnits, Joined
    from bridge.shadow.exchange import Exchange, RecordedRequest
    from bridge.stages import Path
    from bridge.types import ASGIApp, Scope

__all__ = ["Candidate", "RanCandidate"]

logger = logging.getLogger("bridge.shadow")

# Candidates that ignored their cancellation; asyncio itself keeps no task alive.
STUCK: Final[set[asyncio.Task[Answer]]] = set()


@dataclass(frozen=True, slots=True)
class RanCandidate:
    """
    What a candidate came to.

    Attributes:
        exchange: What it answered and wrote; None where it never ran.
        reason: Why nothing can be concluded from it; None where something can.
        limit: Why its rows are not known, or not all; None where they are.
    """

    exchange: Exchange | None
    reason: str | None = None
    limit: str | None = None

    @property
    def writes_known(self) -> bool:
        """Whether the rows that it wrote could be read."""
        return self.exchange is not None and self.exchange.writes is not None


@dataclass(frozen=True, slots=True)
class Candidate:
    """
    A path to check.

    Attributes:
        app: Answers on this path.
        path: Its name.
        deadline: Seconds that it may take.
        lock_timeout: Seconds that each of its statements may wait for a lock.
        patience: Seconds that it may take to end once it is cancelled.
        max_bytes: Largest response body that is recorded.
        allowed: What it may reach besides.
    """

    app: ASGIApp
    path: Path
    deadline: float
    lock_timeout: float
    patience: float
    max_bytes: int
    allowed: Iterable[str]

    async def run(self, joined: Joined, scope: Scope, request: RecordedRequest) -> RanCandidate:
        """
        Answer *request*, and roll everything back.

        Args:
            joined: The connection for its units of work.
            scope: Of the request.
            request: The request.

        Cancellation:
            Stops it, and is delivered when it is rolled back.
        """
        recording = WriteRecording()
        try:
            async with joined.candidate(lock_timeout=self.lock_timeout, deadline=self.deadline) as side:
                await side.run(recording.begin)
                with egress_guard(self.allowed) as egress:
                    # In a task, and so in a context, of its own: what it sets in context variables is not for the control.
                    task = asyncio.ensure_future(call_asgi(self.app, scope, request.body, max_bytes=self.max_bytes))
                answer = await self._within_deadline(task)
                if answer is not None and not side.late:
                    await _take(recording, side)
        except (SQLAlchemyError, OSError) as error:
            return RanCandidate(None, f"the candidate could not be begun: {type(error).__name__}")
        if answer is None or side.late:
            return RanCandidate(None, f"the candidate took longer than {self.deadline:g} s")
        exchange = answer.exchange(self.path, request, recording.write_set())
        return RanCandidate(replace(exchange, blocked=tuple(egress.blocked)), _reason(side), recording.reason)

    async def _within_deadline(self, task: asyncio.Task[Answer]) -> Answer | None:
        started, began_at = datetime.now(UTC), perf_counter()
        try:
            await asyncio.wait([task], timeout=self.deadline)
        finally:
            stopped = not task.done()
            if stopped:
                await finish(self._stop(task))
        if task.cancelled() and not stopped:
            return Answer(None, CancelledError.__name__, started, perf_counter() - began_at)  # its own
        return None if stopped else task.result()

    async def _stop(self, task: asyncio.Task[Answer]) -> None:
        task.cancel()
        await asyncio.wait([task], timeout=self.patience)
        if not task.done():
            STUCK.add(task)
            task.add_done_callback(STUCK.discard)
            logger.error("a candidate goes on though it was cancelled: %r; it cannot use the database any more", task)


def _reason(side: CandidateUnits) -> str | None:
    """Return why what it did is not what it would have done without the check."""
    if side.refused:
        return f"the candidate was to {side.refused[0]}"
    return "somebody else held a lock that the candidate waited for" if side.blocked else None


async def _take(recording: WriteRecording, side: CandidateUnits) -> None:
    try:
        await side.run(recording.take)
    except (SQLAlchemyError, OSError) as error:
        recording.fail(error)
