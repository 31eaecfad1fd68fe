"""Check each statement of the synchronous path against asyncpg, beside it and without executing anything."""

from __future__ import annotations

import asyncio
import logging
import os
import queue
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import URL, Engine

from bridge.porting.callsite import CallSite, call_site
from bridge.porting.explaining import Question, Verdict, ask, probe_engine
from bridge.porting.findings import Finding, Report
from bridge.porting.judge import shape
from bridge.porting.listening import always, covers, listening
from bridge.porting.raw_cursors import RawCursors
from bridge.porting.redaction import shown
from bridge.porting.rules import rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncEngine

__all__ = ["probed"]

logger = logging.getLogger("bridge.porting")

# Statements that may wait to be checked; what comes beyond is left out and counted, so that no burst takes the memory.
MOST_WAITING: Final = 1000
MOST_SHAPES: Final = 10_000


@contextmanager
def probed(
    *engines: Engine,
    report: Report | None = None,
    active: Callable[[], bool] = always,
    asynchronous: Callable[[URL], AsyncEngine] = probe_engine,
) -> Iterator[Report]:
    """
    Report, within the block, each statement that would fail on asyncpg. Never raises, and never executes a statement.

    A statement that has run is compiled for asyncpg, prepared and explained on a connection of the probe's own, by a thread of the probe's
    own; the legacy code does not wait for it, and the end of the block does. Statements alike in text and in the types of their
    parameters are checked once. Functions that planning evaluates are evaluated.

    Args:
        engines: Look only at these; by default at every synchronous engine on PostgreSQL.
        report: Where findings go; by default a new report.
        active: Asked after each statement whether to look at it.
        asynchronous: Makes the engine to check against, for the URL of each synchronous one.
    """
    probe = _Probe(engines, report if report is not None else Report(), active, asynchronous)
    targets = engines or (Engine,)
    probe.start()
    probe.raw.open()
    try:
        with listening(
            *((target, "after_execute", probe.after_execute) for target in targets),
            *((target, "after_cursor_execute", probe.after_driver_sql) for target in targets),
            *((target, "checkout", probe.raw.check_out) for target in targets),
            *((target, "checkin", probe.raw.check_in) for target in targets),
            *((target, "close", probe.raw.check_in) for target in targets),
        ):
            yield probe.report
    finally:
        probe.raw.close()
        probe.stop()


@dataclass(frozen=True, slots=True)
class _Job:
    key: tuple[object, ...]
    url: URL
    question: Question
    text: str
    site: CallSite


class _Probe:
    def __init__(
        self,
        engines: tuple[Engine, ...],
        report: Report,
        active: Callable[[], bool],
        asynchronous: Callable[[URL], AsyncEngine],
    ) -> None:
        self.report = report
        self.raw = RawCursors(self._found_raw, active, self._covers_pool)
        self._engines = engines
        self._active = active
        self._asynchronous = asynchronous
        self._verdicts: dict[tuple[object, ...], Verdict] = {}
        self._starting = threading.Lock()
        self._process = 0

    def start(self) -> None:
        with self._starting:
            if self._process != os.getpid():
                self._jobs: queue.Queue[_Job | None] = queue.Queue(MOST_WAITING)
                self._thread = threading.Thread(target=self._work, name="bridge-statement-probe", daemon=True)
                self._thread.start()
                self._process = os.getpid()

    def stop(self) -> None:
        if self._process == os.getpid():
            self._jobs.put(None)
            self._thread.join()

    def after_execute(  # noqa: PLR0917 - the event's signature
        self, connection: Connection, element: Any, many: Any, single: Any, options: Any, result: Any
    ) -> None:
        if not self._looks_at(connection):
            return
        context = result.context
        compiled = list(getattr(context, "compiled_parameters", None) or ())
        chosen = {name: options[name] for name in ("schema_translate_map",) if options.get(name)}
        self._check(connection, context.statement, Question(element, many or single, compiled, chosen))

    def after_driver_sql(
        self, connection: Connection, _cursor: Any, statement: str, parameters: Any, context: Any, _many: object
    ) -> None:
        if context.compiled is not None or not self._looks_at(connection):
            return
        if parameters:
            self._found("probe.driver_sql", call_site(sys._getframe(1)), shown(statement), "")  # noqa: SLF001  documented, in spite of its underscore
        else:
            self._check(connection, statement, Question(statement, (), [], {}))

    def _looks_at(self, connection: Connection) -> bool:
        return connection.dialect.name == "postgresql" and self._active() and covers(self._engines, connection.engine)

    def _covers_pool(self, pool: object) -> bool:
        return not self._engines or any(engine.pool is pool for engine in self._engines)

    def _check(self, connection: Connection, text: str, question: Question) -> None:
        shapes = frozenset(tuple((name, shape(value)) for name, value in row.items()) for row in question.compiled)
        url = connection.engine.url
        key = (url, text, shapes)
        verdict = self._verdicts.get(key)
        if verdict is None:
            self._put(_Job(key, url, question, text, call_site(sys._getframe(1))))  # noqa: SLF001  documented, in spite of its underscore
        elif verdict.rule:
            self._found(verdict.rule, call_site(sys._getframe(1)), shown(text), verdict.detail)  # noqa: SLF001  documented, in spite of its underscore

    def _put(self, job: _Job) -> None:
        if self._process != os.getpid():
            # A server that forks its workers after the application is made leaves the thread behind.
            self.start()
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            logger.warning("a statement was not checked: %d wait already", MOST_WAITING)

    def _work(self) -> None:
        engines: dict[URL, AsyncEngine] = {}
        with asyncio.Runner() as runner:
            while (job := self._jobs.get()) is not None:
                verdict = self._verdicts.get(job.key)
                if verdict is None:
                    if job.url not in engines:
                        engines[job.url] = self._asynchronous(job.url)
                    verdict = runner.run(_answer(engines[job.url], job.question))
                    if len(self._verdicts) < MOST_SHAPES:
                        self._verdicts[job.key] = verdict
                if verdict.rule:
                    self._found(verdict.rule, job.site, shown(job.text), verdict.detail)
            for engine in engines.values():
                runner.run(engine.dispose())

    def _found_raw(self, name: str, site: CallSite, subject: str) -> None:
        if self._active():
            self._found(name, site, subject, "")

    def _found(self, name: str, site: CallSite, subject: str, detail: str) -> None:
        known = rule(name)
        self.report.add(Finding.of(known, site, subject, detail=f"{known.says}: {detail}" if detail else ""))


async def _answer(engine: AsyncEngine, question: Question) -> Verdict:
    try:
        async with engine.connect() as connection:
            return await ask(connection, question)
    except Exception as error:  # whatever the driver raises, the verdict says so
        logger.debug("a statement could not be checked", exc_info=True)
        return Verdict("probe.not_comparable", f"the probe could not ask: {type(error).__name__}")
