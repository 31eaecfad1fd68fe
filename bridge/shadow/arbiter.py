"""
Decide whether two paths answer a read alike.

The candidate is run once and compared with what the caller got. Where that agrees, nothing more is needed: the two saw different
moments of the database and still answered the same. Only where it does not agree, both paths are run again on one snapshot, the
control before and after the candidate. What the two runs of the control do not agree in is noise, and what is left is a difference.
"""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from anyio import to_thread

from bridge.database import checked_read, exported_snapshot
from bridge.shadow.check import Check, Verdict
from bridge.shadow.comparing import QUIET, Noise, compare, noise, verdict_of
from bridge.shadow.difference import Difference
from bridge.shadow.egress import Egress, egress_guard
from bridge.shadow.exchange import Exchange
from bridge.shadow.giving_way import GivingWay
from bridge.shadow.rules import rule_of

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Iterator

    from bridge.database import CheckedRead, Database
    from bridge.shadow.comparing import CompareOptions
    from bridge.shadow.load import Load
    from bridge.stages import Path

__all__ = ["Arbiter", "ReadToCheck"]

# One keeps the snapshot, the other reads it.
CONNECTIONS: Final = 2
NOWHERE: Final = Egress(())
# Comparing less takes no longer than a few milliseconds, as was measured; a hop to a thread is not worth it.
LARGE_BYTES: Final = 32 * 1024
TIMED_OUT: Final = "TimeoutError"
TOO_LARGE: Final = "ResponseTooLarge"


@dataclass(frozen=True, slots=True)
class ReadToCheck:
    """
    A read that was served, and how to run it again.

    Attributes:
        operation: The operation it addressed.
        control: What the caller got.
        candidate: The path to check.
        run: Runs the request on a path, without a caller.
        options: How to compare.
        queued_at: When it was served, by the clock of the checker, in seconds.
    """

    operation: str
    control: Exchange
    candidate: Path
    run: Callable[[Path], Coroutine[Any, Any, Exchange]]
    options: CompareOptions
    queued_at: float


class Arbiter:
    """Runs reads again, and tells whether both paths answer them alike."""

    def __init__(
        self,
        database: Database,
        load: Load,
        *,
        deadline: float,
        patience: float,
        allowed: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        """
        Args:
            database: Of both paths; exports the snapshots.
            load: Knows whether callers are in flight.
            deadline: Seconds that each run of a path may take.
            patience: Seconds that each run gives way to callers.
            allowed: Returns what a candidate may reach, as `egress_guard` takes it.
        """
        self._load = load
        self._patience = patience
        self._allowed = allowed
        self._database = database
        self._deadline = deadline

    async def check(self, read: ReadToCheck) -> Check:
        """
        Check one read.

        Cancellation:
            Stops the run there is; its transaction is rolled back.
        """
        candidate, seen = await self._run(read, read.candidate, None)
        if not seen.wrote:
            differences = await _compared(read, read.control, candidate)
            verdict = verdict_of(differences)
            if verdict in {Verdict.MATCHED, Verdict.EXCUSED}:
                return Check(read.operation, read.control, candidate, verdict, differences)
        return await self._on_one_snapshot(read, candidate)

    async def _on_one_snapshot(self, read: ReadToCheck, candidate: Exchange) -> Check:
        path = read.control.path
        if self._database.pool.connections < CONNECTIONS:
            small = f"a shared snapshot takes {CONNECTIONS} connections of the asynchronous pool, which has fewer"
            return Check(read.operation, read.control, candidate, Verdict.NOT_COMPARABLE, reason=small)
        async with exported_snapshot(self._database.async_engine) as snapshot:
            control, seen = await self._run(read, path, snapshot)
            candidate, checked = await self._run(read, read.candidate, snapshot)
            again, seen_again = await self._run(read, path, snapshot)
        noisy = await _noise(read, control, again)
        reason = _why_not(control, again, candidate, (seen, seen_again, checked))
        if candidate.error == TIMED_OUT and self._database.is_exhausted():
            reason = "the candidate ran past the deadline of a check, and no connection was free"
        elif noisy.rules and snapshot is None:
            reason = reason or "the control differs from itself, and this database shares no snapshots"
        if reason:
            return Check(read.operation, control, candidate, Verdict.NOT_COMPARABLE, reason=reason)
        differences = await _compared(read, control, candidate, noisy)
        if checked.wrote:
            differences = (*_besides_refusal(candidate, differences), _written())
        return Check(read.operation, control, candidate, verdict_of(differences), differences)

    async def _run(self, read: ReadToCheck, path: Path, snapshot: str | None) -> tuple[Exchange, CheckedRead]:
        started = datetime.now(UTC)
        # The control reaches what it reaches anyway.
        guard = egress_guard(self._allowed()) if path is read.candidate else nullcontext(NOWHERE)
        with checked_read(snapshot) as seen, guard as egress:
            # In a task of its own: what a path sets in context variables is not for the next one.
            work = GivingWay(read.run(path), self._load, patience=self._patience)
            run = asyncio.ensure_future(work)
        try:
            async with asyncio.timeout(self._deadline):
                exchange = await run
            elapsed_s = exchange.elapsed_s - work.waited_s
            return replace(exchange, elapsed_s=elapsed_s, blocked=tuple(egress.blocked)), seen
        except TimeoutError:  # ours: what a path raises is part of its exchange
            error = TIMED_OUT
        except asyncio.CancelledError as cancelled:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            error = type(cancelled).__name__  # the path's own
        return Exchange(
            path, read.control.request, None, started, self._deadline, error=error, blocked=tuple(egress.blocked)
        ), seen


async def _compared(
    read: ReadToCheck, control: Exchange, candidate: Exchange, noisy: Noise = QUIET
) -> tuple[Difference, ...]:
    work = partial(compare, control, candidate, options=read.options, noise=noisy)
    return await to_thread.run_sync(work) if _is_large(control) or _is_large(candidate) else work()


async def _noise(read: ReadToCheck, control: Exchange, again: Exchange) -> Noise:
    work = partial(noise, control, again, options=read.options)
    return await to_thread.run_sync(work) if _is_large(control) or _is_large(again) else work()


def _is_large(exchange: Exchange) -> bool:
    return exchange.response is not None and len(exchange.response.body) > LARGE_BYTES


def _besides_refusal(candidate: Exchange, differences: Iterable[Difference]) -> Iterator[Difference]:
    """Leave out the failure that the refusal of the write led to: one cause is one difference."""
    response = candidate.response
    failed = response is None or response.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    follows = failed and candidate.error != TIMED_OUT
    return (each for each in differences if not (follows and each.where == "status"))


def _written() -> Difference:
    wrote = rule_of("sql.write_in_safe_method")
    return Difference(wrote.name, wrote.severity, "transaction", None, "a write, which was refused", wrote.remedy)


def _why_not(control: Exchange, again: Exchange, candidate: Exchange, seen: tuple[CheckedRead, ...]) -> str | None:
    """Return why nothing can be said of the *candidate*; None where something can."""
    of_control = seen[:2]
    if any(each.vanished for each in seen):
        return "the shared snapshot was gone before it was read"
    if any(each.wrote for each in of_control):
        return "the control writes although the method is safe: check it as a write"
    if TIMED_OUT in {control.error, again.error}:
        return "the control ran past the deadline of a check"
    if TOO_LARGE in {control.error, again.error, candidate.error}:
        return "a body is larger than max_body_bytes"
    return None
