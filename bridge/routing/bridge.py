"""The composition of one migration."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast

from bridge.compat import FlaskCompat, register_flask_converters
from bridge.errors import Unavailable
from bridge.offload import Capacity, offload
from bridge.routing.answering import Answerer
from bridge.routing.checking import Checking
from bridge.routing.facade import Facade
from bridge.routing.hooks import HookDeclarations
from bridge.routing.known import KnownOperations
from bridge.routing.operations import OperationTable
from bridge.routing.router import BridgeRouter
from bridge.routing.routes import Routes
from bridge.routing.unavailable import answer_unavailable
from bridge.routing.units import UnitRunner
from bridge.shadow import Arbiter, Checker, CheckSettings, Load, WriteChecker
from bridge.stages import Stages
from bridge.wsgi import WSGIAdapter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fastapi import FastAPI
    from flask import Flask
    from sqlalchemy.orm import Session

    from bridge.database import Database
    from bridge.evidence import Evidence
    from bridge.offload import CapacityStatistics
    from bridge.routing.report import RoutingReport
    from bridge.shadow import Publishing
    from bridge.stages import CallerKey, Stage, StageOverride, StageSetting, StageStore
    from bridge.types import WSGIApp
    from bridge.wsgi import Settings as WSGISettings

__all__ = ["Bridge"]

logger = logging.getLogger("bridge")

P = ParamSpec("P")
T = TypeVar("T")


class Bridge:
    """
    One migration: a database, the Flask application, and the FastAPI application that takes over from it.

    Attributes:
        database: Both engines.
        legacy: The Flask application.
        capacity: How many synchronous calls, of bridged routes and of Flask together, run at once.
        stages: Which path serves each operation; change it at any time.
        checks: Checks the paths that do not serve.
        evidence: What is known of each port, and what follows from it; None where nothing is counted.
        publishing: Takes the checks that did not match to others; None where nobody does.
        operations: Every operation that a router of this bridge declares.
    """

    def __init__(
        self,
        *,
        database: Database,
        legacy: Flask,
        capacity: int | None = None,
        max_waiting: int | None = 1000,
        admission_timeout: float | None = 30.0,
        stages: Mapping[str, str | Stage | StageSetting] | None = None,
        default_stage: str | Stage | StageSetting = "legacy",
        store: StageStore | None = None,
        sticky_by: CallerKey | None = None,
        override: StageOverride | None = None,
        hooks: HookDeclarations | None = None,
        wsgi: WSGISettings | None = None,
        path_header: bool = True,
        checks: CheckSettings | None = None,
        evidence: Evidence | None = None,
        publishing: Publishing | None = None,
    ) -> None:
        """
        Args:
            database: Both engines; give ``database.sync_engine`` to *legacy* so that it shares the pool.
            legacy: The Flask application, unchanged.
            capacity: Synchronous calls that may run at once; by default as many as the synchronous pool has connections.
            max_waiting: Synchronous calls that may wait for a token; the next is answered 503 at once. None is any number.
            admission_timeout: Seconds that one may wait before it is answered 503; None is for ever.
            stages: Stage by operation name or pattern at start-up.
            default_stage: Stage of the ported operations that neither *stages* nor a router names.
            store: Where stages are changed for every process; it goes before *stages*. None is this process alone.
            sticky_by: Names the caller of a request at stage canary; None is `by_client_address`.
            override: Lets testers choose the side of one request; None lets nobody.
            hooks: What became of the Flask hooks that do not run where FastAPI answers.
            wsgi: Limits within which Flask is served.
            path_header: Send ``Bridge-Path: flask|bridged|native`` with each response.
            checks: How much is checked at stage shadow or verify, and what that may cost.
            evidence: Counts requests and checks, promotes on them, and rolls back; None does nothing of it.
            publishing: Takes the checks that did not match to logs, tables and functions; None takes them nowhere.

        Raises:
            InvalidPoolSize: *capacity* is less than one, or a limit is negative.
            UnknownStage: A stage does not exist.
        """
        register_flask_converters()
        self.database = database
        self.legacy = legacy
        self.capacity = Capacity(
            database.pool.connections if capacity is None else capacity,
            max_waiting=max_waiting,
            admission_timeout=admission_timeout,
        )
        self.stages = Stages(stages, default=default_stage, store=store, sticky_by=sticky_by, override=override)
        self._store = store
        self.operations = OperationTable(self.stages)
        self._units = UnitRunner(database, self.capacity, legacy)
        self._routes = Routes(legacy, self.operations, hooks or HookDeclarations())
        self._wsgi = wsgi
        self._path_header = path_header
        self._check_settings = checks or CheckSettings()
        self._load = Load(busy_above=self._check_settings.busy_above, contended=self._is_contended)
        arbiter = Arbiter(
            database,
            self._load,
            deadline=self._check_settings.deadline,
            patience=self._check_settings.patience,
            allowed=lambda: (*self._check_settings.allowed_hosts, *database.addresses),
        )
        self.checks = Checker(self._check_settings, arbiter, self._load)
        self._write_checker = WriteChecker(database, self._check_settings)
        known = KnownOperations(
            self.operations, flask_view=self._routes.flask_view, undeclared_hooks=self._routes.undeclared_hooks
        )
        self.evidence = evidence
        self._served = known.count_served(evidence.tallies) if evidence else None
        if evidence is not None:
            evidence.bind(self.stages, known.as_operations())
            self.checks.sinks.append(known.count_checked(evidence.tallies))
        self.publishing = publishing
        if publishing is not None:
            self.checks.sinks.append(publishing.take)

    def router(
        self,
        *,
        compat: FlaskCompat | None = None,
        follow_flask: bool = True,
        read_only_gets: bool = False,
        stage: str | Stage | StageSetting | None = None,
        **options: Any,
    ) -> BridgeRouter:
        """
        Make a router for operations that move; include it with ``app.include_router``.

        Args:
            compat: Which of Flask's habits its routes keep; by default all of them.
            follow_flask: Keep Flask's habits at all; False gives FastAPI's own JSON, errors and parameters.
            read_only_gets: Give every GET operation ``read_only=True`` that does not say otherwise.
            stage: Stage of its ported operations that ``Bridge(stages=...)`` and the store do not name; None is the default stage.
            options: Arguments of `fastapi.APIRouter`, such as ``tags`` and ``prefix``: the whole of it, which names operations.
        """
        if compat is None and follow_flask:
            compat = FlaskCompat(self.legacy)
        return BridgeRouter(
            table=self.operations,
            units=self._units,
            compat=compat,
            read_only_gets=read_only_gets,
            stage=stage,
            **options,
        )

    def install(self, app: FastAPI) -> None:
        """
        Put the facade in front of *app*: what FastAPI does not own reaches Flask.

        Whoever has *app* finds the bridge as ``app.state.bridge``. Middleware that is added to *app* afterwards sees the requests of both sides.

        Raises:
            DeclaredTwice: A bridge is installed in *app* already.
        """
        self._routes.install(app, self)
        app.exception_handlers.setdefault(Unavailable, answer_unavailable)
        flask = WSGIAdapter(cast("WSGIApp", self.legacy), capacity=self.capacity, settings=self._wsgi)
        app.add_middleware(
            Facade,
            answering=lambda fastapi: Answerer(flask=flask, fastapi=fastapi),
            checking=lambda answerer: Checking(
                answerer, self.checks, self._write_checker, max_body_bytes=self._check_settings.max_body_bytes
            ),
            resolve=self._routes.resolve,
            table=self.operations,
            load=self._load,
            served=self._served,
            path_header=self._path_header,
            start=self.start,
            close=self.close,
        )

    def report(self) -> RoutingReport:
        """
        Return how the routes of both applications fit together, and which Flask hooks were left behind.

        Raises:
            NotInstalled: `install` has not been called.
            DeclaredTwice, UnknownEndpoint: Two routes share a name, or one replaces a Flask endpoint that does not exist.
        """
        return self._routes.report()

    async def start(self) -> None:
        """
        Check the settings against the routes, and the database; log what needs a decision.

        Raises:
            UnknownOperation: A stage is set for an operation that no route declares.
            NotPorted: A stage asks for a native path that does not exist.
            DeclaredTwice, UnknownEndpoint: Two routes share a name, or one replaces a Flask endpoint that does not exist.
            DatabaseUnreachable: No connection could be opened.

        Cancellation:
            Stops what was started, as any error does.
        """
        self.stages.validate()
        self._routes.start(self.database.sync_engine)
        self.capacity.reopen()
        await offload(self.database.check, capacity=self.capacity)
        try:
            await self.stages.start()
            if self.evidence is not None:
                await self.evidence.start()
        except BaseException:  # the application does not start: nobody would close what has
            await self._stop_following()
            raise

    async def create_tables(self) -> list[str]:
        """
        Create the tables that are missing of whatever keeps stages, evidence and differences in SQL.

        Returns:
            What keeps something in SQL, for people to read.

        Raises:
            StageStoreUnavailable: The database cannot be reached, or the role may not create tables.
            EvidenceStoreUnavailable: As above.
        """
        publishers = self.publishing.publishers if self.publishing else ()
        keepers: list[Any] = [self._store, self.evidence and self.evidence.store, *publishers]
        in_sql = [keeper for keeper in keepers if hasattr(keeper, "create_tables")]
        for keeper in in_sql:
            await keeper.create_tables()
        return [type(keeper).__name__ for keeper in in_sql]

    async def close(self, *, deadline: float = 10.0) -> None:
        """
        Wait for the synchronous calls there are, then close every connection; log what cannot be stopped.

        Args:
            deadline: Seconds until calls that wait are refused, and those that run are stopped.
        """
        await self.checks.close()
        if self.publishing is not None:
            await self.publishing.close()
        await self._stop_following()
        for stuck in await self.capacity.drain(deadline=deadline):
            logger.error("%s is stuck after %.1f s on %s\n%s", stuck.name, stuck.running_s, stuck.thread, stuck.stack)
        await self.database.dispose()

    async def call(self, fn: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """
        Run ``fn(session, *args, **kwargs)`` on a worker thread as one unit of work, from any FastAPI route.

        Equivalent to ``with Session(engine) as session, session.begin(): return fn(session, ...)``, except that the event loop
        stays free.

        Raises:
            LiveObjectReturned: *fn* returned something bound to its session; nothing is committed.
            LegacyIsAsync: *fn* is asynchronous.
            NativeTransactionPending: The native session of this request has uncommitted writes.
            Unavailable: No token became free; answered 503 if nobody catches it.

        Cancellation:
            While waiting for a token *fn* never runs; while running its statement is stopped and the transaction rolled back.
        """
        return await self._units.call(fn, *args, **kwargs)

    def statistics(self) -> CapacityStatistics:
        """Return how many synchronous calls run and wait now."""
        return self.capacity.statistics()

    async def _stop_following(self) -> None:
        try:
            if self.evidence is not None:
                await self.evidence.close()
        finally:
            await self.stages.close()

    def _is_contended(self) -> bool:
        return bool(self.capacity.waiting) or self.database.is_exhausted()
