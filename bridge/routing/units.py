"""Run one unit of work: session opened, used, rendered, committed and closed in one place."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, TypeVar

from sqlalchemy.exc import MissingGreenlet

from bridge.database import (
    is_committed,
    joined_unit,
    native_transaction,
    refuse_live_objects,
    refuse_pending_writes,
    require_joinable,
)
from bridge.errors import DeadlineExceeded, LazyLoadOutsideSession, WorkerExit
from bridge.offload import check_callable, name_of, offload

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from flask import Flask
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import Session

    from bridge.database import Database
    from bridge.offload import Capacity
    from bridge.routing.signature import UnitFunction

__all__ = ["UnitRunner"]

EXITS: Final = (KeyboardInterrupt, SystemExit, GeneratorExit)

P = ParamSpec("P")
T = TypeVar("T")


class UnitRunner:
    """
    Runs functions as units of work: legacy ones in one hop to a worker thread, native ones on the event loop.

    Where the units of work of the task join one connection, because its writes are checked, legacy ones run on the event loop as well.
    """

    def __init__(self, database: Database, capacity: Capacity, legacy: Flask | None) -> None:
        self._database = database
        self._capacity = capacity
        self._legacy = legacy

    def require_joinable(self) -> None:
        """
        Raises:
            WritesNotCheckable: Units of work of this database cannot join one connection.
        """
        require_joinable(self._database)

    async def run_legacy(
        self,
        function: UnitFunction,
        arguments: Mapping[str, Any],
        finish: Callable[[Any], T],
        *,
        app_context: bool,
        deadline: float | None = None,
        read_only: bool = False,
    ) -> T:
        """
        Run *function* and *finish* on a worker thread, in one transaction that is committed before this returns.

        Args:
            function: The legacy function.
            arguments: Its arguments but the session.
            finish: Makes the result while the session is open.
            app_context: Push a Flask application context around it.
            deadline: Seconds for the token and the work; None is no limit.
            read_only: Refuse writes, and spare the transaction where that changes nothing.

        Cancellation:
            While waiting for a token the function never runs; while running its statement is stopped and the transaction is rolled
            back, unless its commit has begun.
        """

        def unit(session: Session) -> T:
            bound = {function.session: session} if function.session else {}
            return finish(function.call(**bound, **arguments))

        joined = joined_unit(self._database, self._database.sessions, read_only=read_only)
        if joined is not None:
            with self._context(app_context=app_context):
                return await self._joined(joined, unit, function.name, deadline)

        def hop() -> T:
            work = self._database.unit_of_work(read_only=read_only)
            with self._context(app_context=app_context), work as session:
                return unit(session)

        return await offload(hop, capacity=self._capacity, deadline=deadline)

    async def run_native(
        self,
        function: UnitFunction,
        arguments: Mapping[str, Any],
        finish: Callable[[Any], T],
        *,
        read_only: bool = False,
        deadline: float | None = None,
    ) -> T:
        """
        Run *function* and *finish* on the event loop, in one transaction that is committed before this returns.

        Args:
            function: The native function.
            arguments: Its arguments but the session.
            finish: Makes the result while the session is open.
            deadline: Seconds for the connection and the work; None is no limit.
            read_only: Refuse writes, and spare the transaction where that changes nothing.

        Raises:
            LazyLoadOutsideSession: One of them used an attribute that is not loaded.
            DeadlineExceeded: The deadline passed; the work was stopped.

        Cancellation:
            The running statement is stopped and the transaction rolled back, unless its commit has begun. Runs in the task of the
            caller, deadline or not.
        """
        sessions = list["AsyncSession"]()
        async with _limited(deadline, function.name, sessions):
            return await self._native(function, arguments, finish, sessions, read_only=read_only)

    async def _native(
        self,
        function: UnitFunction,
        arguments: Mapping[str, Any],
        finish: Callable[[Any], T],
        sessions: list[AsyncSession],
        *,
        read_only: bool,
    ) -> T:
        async with self._database.async_unit_of_work(read_only=read_only) as session:
            sessions.append(session)
            bound = {function.session: session} if function.session else {}
            try:
                with native_transaction(session):
                    return finish(await function.call(**bound, **arguments))
            except MissingGreenlet as error:
                msg = (
                    f"{function.name} used an attribute that is not loaded, and the event loop cannot wait for SQL there: "
                    "add selectinload() or joinedload() for it to the query, or refresh() the object"
                )
                raise LazyLoadOutsideSession(msg) from error

    async def call(self, fn: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """
        Run ``fn(session, *args, **kwargs)`` on a worker thread as one unit of work.

        Raises:
            LiveObjectReturned: *fn* returned something bound to its session; nothing is committed.
            NativeTransactionPending: The native session of this request has uncommitted writes.
        """

        def unit(session: Session) -> T:
            result = fn(session, *args, **kwargs)
            refuse_live_objects(result, source=name_of(fn))
            return result

        def hop() -> T:
            with self._context(app_context=True), self._database.unit_of_work() as session:
                return unit(session)

        check_callable(fn)
        refuse_pending_writes(name_of(fn))
        joined = joined_unit(self._database, self._database.sessions)
        if joined is not None:
            with self._context(app_context=True):
                return await self._joined(joined, unit, name_of(fn), None)
        return await offload(hop, capacity=self._capacity)

    async def _joined(
        self,
        joined: AbstractAsyncContextManager[AsyncSession],
        unit: Callable[[Session], T],
        name: str,
        deadline: float | None,
    ) -> T:
        """Run *unit*, which is synchronous, on the event loop; its session waits as that of an `AsyncSession` does."""
        sessions = list["AsyncSession"]()
        async with _limited(deadline, name, sessions), joined as session:
            sessions.append(session)
            try:
                return await session.run_sync(unit)
            except EXITS as error:
                msg = f"{name} raised {type(error).__name__}({error}), which would have stopped the event loop"
                raise WorkerExit(msg) from error

    def _context(self, *, app_context: bool) -> AbstractContextManager[Any]:
        # Always a fresh one: a context that was already pushed would skip teardown and leave the legacy session open.
        return self._legacy.app_context() if app_context and self._legacy is not None else nullcontext()


@asynccontextmanager
async def _limited(deadline: float | None, name: str, sessions: list[AsyncSession]) -> AsyncIterator[None]:
    """
    Limit the block to *deadline* seconds.

    Raises:
        DeadlineExceeded: They have passed; it tells whether one of *sessions* had committed.
    """
    if deadline is None:
        yield
        return
    try:
        async with asyncio.timeout(deadline) as timer:
            yield
    except TimeoutError as error:
        if not timer.expired():  # the function's own
            raise
        completed = any(map(is_committed, sessions))
        how = "had committed by then all the same" if completed else "was stopped"
        expired = DeadlineExceeded(f"{name} ran past its deadline of {deadline:g} s and {how}")
        expired.completed = completed
        raise expired from error
