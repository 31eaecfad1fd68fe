"""
Check a request that writes: the candidate first, in a savepoint that is rolled back, then the control for real.

Both run on one connection, in one transaction as far as the control's first commit, and the caller waits for both. What it gets is
what it would get without the check.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import SQLAlchemyError

from bridge.database import join_units
from bridge.shadow.check import Check, Verdict
from bridge.shadow.comparing import compare, verdict_of
from bridge.shadow.recorder import recorded_request
from bridge.shadow.write_body import WholeBody
from bridge.shadow.write_candidate import Candidate, RanCandidate
from bridge.shadow.write_conflicts import conflict_between
from bridge.shadow.write_control import ControlRun
from bridge.shadow.write_recording import watch_transactions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bridge.database import Database, Joined
    from bridge.shadow.comparing import CompareOptions
    from bridge.shadow.difference import Difference
    from bridge.shadow.exchange import Exchange
    from bridge.shadow.settings import CheckSettings
    from bridge.stages import Path
    from bridge.types import ASGIApp, Receive, Scope, Send

__all__ = ["WriteChecker", "WriteToCheck"]

logger = logging.getLogger("bridge.shadow")

NOT_RUN: Final = "NotRun"
TOO_LARGE: Final = "ResponseTooLarge"


@dataclass(frozen=True, slots=True)
class WriteToCheck:
    """
    A request that writes, and who answers it.

    Attributes:
        operation: The operation it addresses.
        control: Answers on the path that serves.
        control_path: Its name.
        candidate: Answers on the path to check.
        candidate_path: Its name.
        options: How to compare.
        one_connection: Run the control on the event loop, on the candidate's connection; otherwise as always.
    """

    operation: str
    control: ASGIApp
    control_path: Path
    candidate: ASGIApp
    candidate_path: Path
    options: CompareOptions
    one_connection: bool = True


class WriteChecker:
    """Serves requests that write, and checks them on the way."""

    def __init__(self, database: Database, settings: CheckSettings) -> None:
        """
        Args:
            database: Where both paths write; PostgreSQL with asyncpg. `WriteCapture` makes it show the rows.
            settings: How long a candidate may take, what it may reach, and what is recorded.
        """
        self._database = database
        self._settings = settings

    async def serve(
        self, write: WriteToCheck, scope: Scope, receive: Receive, send: Send, report: Callable[[Check], object]
    ) -> None:
        """
        Run the candidate of *write*, roll it back, and answer by the control.

        Args:
            write: What to do.
            scope: Of the request.
            receive: The client's messages.
            send: Takes the answer.
            report: Gets the check, if there was one: not if a body is too large or the client went away.

        Raises:
            Exception: What the control raised.

        Cancellation:
            Stops the path that runs, and is delivered when it is rolled back.
        """
        # Here and not at the start: a bridge that checks no writes pays for no listeners.
        watch_transactions(self._database.sync_engine)
        watch_transactions(self._database.async_engine.sync_engine)
        body = WholeBody(receive, max_bytes=self._settings.max_body_bytes)
        if await body.read() is None:
            await write.control(scope, body.replay(), send)
            return
        request = recorded_request(scope, body.content or b"")
        async with AsyncExitStack() as stack:
            joined = await self._join(stack)
            candidate = NOT_BEGUN if joined is None else await self._candidate(write).run(joined, scope, request)
            if joined is not None and not write.one_connection:
                await joined.close()
            control = ControlRun(
                write.control, scope, send, max_bytes=self._settings.max_body_bytes, records=candidate.writes_known
            )
            failure = None
            try:
                await control.run(joined, body.replay)
            except Exception as error:  # noqa: BLE001 - it is raised again when the connection is returned
                failure = error
        report(await self._check(write, control.exchange(write.control_path, request), candidate))
        if failure is not None:
            raise failure

    async def _join(self, stack: AsyncExitStack) -> Joined | None:
        try:
            async with asyncio.timeout(self._settings.write_deadline):
                return await stack.enter_async_context(join_units(self._database))
        except (SQLAlchemyError, OSError):  # a TimeoutError is one
            return None

    async def _check(self, write: WriteToCheck, control: Exchange, candidate: RanCandidate) -> Check:
        check = _compare(write, control, candidate)
        ours, theirs = check.control.writes, check.candidate.writes
        if check.verdict is not Verdict.MISMATCHED or ours is None or theirs is None:
            return check
        try:
            async with asyncio.timeout(self._settings.write_deadline):
                table = await conflict_between(self._database.async_engine, ours, theirs)
        except (SQLAlchemyError, OSError) as error:
            logger.warning("nobody could tell whether somebody else wrote between two paths: %s", error)
            return check
        reason = f"somebody else changed rows of {table} between the two paths"
        return check if table is None else replace(check, verdict=Verdict.NOT_COMPARABLE, differences=(), reason=reason)

    def _candidate(self, write: WriteToCheck) -> Candidate:
        return Candidate(
            write.candidate,
            write.candidate_path,
            deadline=self._settings.write_deadline,
            lock_timeout=self._settings.write_lock_timeout,
            patience=self._database.stopping.cut_after,
            max_bytes=self._settings.max_body_bytes,
            # asyncpg opens a connection to have a statement stopped.
            allowed=(*self._settings.allowed_hosts, *self._database.addresses),
        )


# Differences that no generated value makes.
STRUCTURE: Final = frozenset(
    {
        "json.array_length", "json.envelope", "json.extra_item", "json.extra_key", "json.missing_item", "json.missing_key", "json.not_json",
        "json.type", "header.content_type", "header.cookie.extra", "header.cookie.missing", "header.extra", "header.missing",
    }
)  # fmt: skip
NOT_BEGUN: Final = RanCandidate(None, "no connection was free for the candidate")


def _compare(write: WriteToCheck, control: Exchange, candidate: RanCandidate) -> Check:
    exchange = candidate.exchange
    if exchange is None:
        nothing = replace(control, path=write.candidate_path, response=None, writes=None, error=NOT_RUN)
        return Check(write.operation, control, nothing, Verdict.NOT_COMPARABLE, reason=candidate.reason)
    if candidate.reason is None and TOO_LARGE in {control.error, exchange.error}:
        candidate = replace(candidate, reason="a body is larger than max_body_bytes")
    if candidate.reason is not None:
        return Check(write.operation, control, exchange, Verdict.NOT_COMPARABLE, reason=candidate.reason)
    differences = compare(control, exchange, options=write.options)
    verdict, limits = verdict_of(differences), _limits(control, exchange, candidate)
    if verdict is Verdict.MISMATCHED and _may_be_generated(control, exchange, differences):
        return Check(write.operation, control, exchange, Verdict.NOT_COMPARABLE, reason=limits)
    return Check(write.operation, control, exchange, verdict, differences, limits)


def _may_be_generated(control: Exchange, exchange: Exchange, differences: Sequence[Difference]) -> bool:
    """Return whether the answers may differ only in what the database made up, such as ids: without the rows, nobody can tell."""
    if control.writes is not None and exchange.writes is not None:
        return False
    statuses = {each.response.status if each.response else None for each in (control, exchange)}
    return len(statuses) == 1 and None not in statuses and STRUCTURE.isdisjoint(each.rule for each in differences)


def _limits(control: Exchange, exchange: Exchange, candidate: RanCandidate) -> str | None:
    """Return why the rows could not be compared, or not all of them."""
    if candidate.limit is not None:
        return candidate.limit
    if control.writes is None or exchange.writes is None:
        return "write set not captured: the control wrote through an engine that is not the Database's"
    limits = dict.fromkeys((*control.writes.limits, *exchange.writes.limits))
    return f"write set not complete: {'; '.join(limits)}" if limits else None
