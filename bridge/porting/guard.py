"""A synchronous session under which code fails where an `AsyncSession` would raise MissingGreenlet."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, inspect
from sqlalchemy.exc import UnboundExecutionError
from sqlalchemy.ext.asyncio import async_session
from sqlalchemy.orm import Session

from bridge.errors import LazyLoadUnderGuard
from bridge.porting.access import query_of, runs_for_rows, unawaited
from bridge.porting.callsite import call_site
from bridge.porting.dynamic import DynamicQueries
from bridge.porting.explain import entities_of, explain, loader_option
from bridge.porting.findings import Finding, Report, Severity
from bridge.porting.identity_map import IdentityMapWatch
from bridge.porting.listening import always, covers, listening
from bridge.porting.rules import rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection
    from sqlalchemy.orm import ORMExecuteState, SessionTransaction

__all__ = ["OnFinding", "guarded"]

OnFinding = Literal["raise", "report"]


@contextmanager
def guarded(
    *engines: Engine,
    on_finding: OnFinding = "raise",
    expire_on_commit: bool | None = False,
    strict: bool = False,
    report: Report | None = None,
    active: Callable[[], bool] = always,
) -> Iterator[Report]:
    """
    Have synchronous sessions fail, within the block, where an `AsyncSession` would raise MissingGreenlet.

    Every session of the process is guarded, however it is made: by `Session`, a sessionmaker, a scoped_session or Flask-SQLAlchemy, before the
    block or in it. What was found is in the report as well when it is raised, because applications catch exceptions.

    Args:
        engines: Guard only what runs on these; by default on every synchronous engine.
        on_finding: ``raise`` an error, or ``report`` only and let the code go on.
        expire_on_commit: What the `AsyncSession` of the port will have; None leaves every session entirely as it is.
        strict: Also raise where the garbage collector decides.
        report: Where findings go; by default a new report.
        active: Asked before each statement whether to look at it.

    Raises:
        LazyLoadUnderGuard: From the line in question, when *on_finding* is ``raise``.
    """
    guard = _Guard(
        engines, on_finding, expire_on_commit, report if report is not None else Report(), active, strict=strict
    )
    with guard.watch, guard.dynamic, listening(*guard.listeners()):
        yield guard.report


class _Guard:
    def __init__(
        self,
        engines: tuple[Engine, ...],
        on_finding: OnFinding,
        expire_on_commit: bool | None,  # noqa: FBT001 - one caller, which names it
        report: Report,
        active: Callable[[], bool],
        *,
        strict: bool,
    ) -> None:
        self.report = report
        self.watch = IdentityMapWatch(self._before_load, self._after_load)
        self._engines = engines
        self._on_finding = on_finding
        self._expire_on_commit = expire_on_commit
        self._strict = strict
        self._active = active
        self._ended_by: WeakKeyDictionary[Session, str] = WeakKeyDictionary()
        self._own_setting: WeakKeyDictionary[Session, bool] = WeakKeyDictionary()
        self._thread = threading.local()
        self.dynamic = DynamicQueries()

    def listeners(self) -> list[tuple[Any, str, Callable[..., Any]]]:
        return [
            *((engine, "before_cursor_execute", self._before_statement) for engine in self._engines or (Engine,)),
            (Session, "after_commit", self._after_commit),
            (Session, "after_soft_rollback", self._after_rollback),
            *(self._emulation() if self._expire_on_commit is not None else ()),
        ]

    def _emulation(self) -> list[tuple[Any, str, Callable[..., Any]]]:
        return [
            (Session, "do_orm_execute", self._buffer),
            (Session, "before_commit", self._before_commit),
            (Session, "after_transaction_end", self._after_transaction),
        ]

    def _before_statement(
        self, connection: Connection, _cursor: Any, statement: str, _parameters: Any, context: Any, _many: object
    ) -> None:
        if connection.dialect.is_async or not self._active():
            return
        self._thread.statements = self._statements() + 1
        frame = sys._getframe(1)  # noqa: SLF001 - the only way to the stack that costs nothing
        access = unawaited(frame)
        if access is not None:
            self._found(explain(access, call_site(frame), statement, ended_by=self._cause(access.instance)))
            return
        entities = entities_of(context.invoked_statement)
        self.watch.add(mapper.registry for mapper in entities)
        if not runs_for_rows(frame) and context.execution_options.get("stream_results"):
            subject = (
                f"select({', '.join(mapper.class_.__name__ for mapper in entities)})" if entities else "a statement"
            )
            self._found(Finding.of(rule("guard.unbuffered_result"), call_site(frame), subject))
        query = query_of(frame)
        path = None if query is None else self.dynamic.path_of(query)
        if path is not None:
            self._found(Finding.of(rule("guard.dynamic_relationship"), call_site(frame), path))

    def _buffer(self, state: ORMExecuteState) -> None:
        options = state.statement.get_execution_options() | state.execution_options
        # As AsyncSession does: otherwise objects are made when rows are fetched, perhaps after something else has happened.
        if (
            not (options.get("yield_per") or options.get("stream_results"))
            and self._active()
            and self._is_guarded(state.session, state.bind_arguments)
        ):
            state.update_execution_options(prebuffer_rows=True)

    def _found(self, finding: Finding) -> None:
        self.report.add(finding)
        if self._on_finding == "raise" and (finding.severity is Severity.FAILS or self._strict):
            msg = f"{finding.site} in {finding.site.function}: {finding.subject}: {finding.detail}: {finding.remedy}"
            raise LazyLoadUnderGuard(msg)

    def _before_load(self) -> int:
        return self._statements()

    def _after_load(self, path: str, relationship: Any, statements: int) -> None:
        if statements != self._statements() or not self._active():
            return
        frame = sys._getframe(1)  # noqa: SLF001  documented, in spite of its underscore
        if unawaited(frame) is not None:
            remedy = f"add options({loader_option(path, relationship)}) to the query"
            self._found(Finding.of(rule("guard.identity_map"), call_site(frame), path, remedy=remedy))

    def _statements(self) -> int:
        return int(getattr(self._thread, "statements", 0))

    def _before_commit(self, session: Session) -> None:
        if self._expire_on_commit is not None and self._active() and self._is_guarded(session, {}):
            self._own_setting.setdefault(session, session.expire_on_commit)
            session.expire_on_commit = self._expire_on_commit

    def _after_commit(self, session: Session) -> None:
        if session.expire_on_commit:
            self._ended_by[session] = "commit"

    def _after_rollback(self, session: Session, _transaction: SessionTransaction) -> None:
        self._ended_by[session] = "rollback"

    def _after_transaction(self, session: Session, transaction: SessionTransaction) -> None:
        if transaction.parent is None and session in self._own_setting:
            session.expire_on_commit = self._own_setting.pop(session)

    def _cause(self, instance: object) -> str | None:
        session = inspect(instance).session if instance is not None else None
        return None if session is None else self._ended_by.get(session)

    def _is_guarded(self, session: Session, bind_arguments: dict[str, Any]) -> bool:
        if async_session(session) is not None:
            return False
        try:
            return covers(self._engines, session.get_bind(**bind_arguments).engine)
        except UnboundExecutionError:
            # It has an engine for each mapper: not all of them can be asked for here.
            return not self._engines
