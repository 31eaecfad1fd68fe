"""The routes of both applications."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from bridge.errors import DeclaredTwice, NotInstalled
from bridge.offload import Capacity, offload
from bridge.routing.fastapi_routes import fastapi_routes
from bridge.routing.flask_sqlalchemy import OWN_ENGINE, has_own_engine
from bridge.routing.hooks import undeclared_hooks, unknown_hooks
from bridge.routing.pairing import pair
from bridge.routing.report import RoutingReport
from bridge.routing.resolver import TO_FLASK, Resolver
from bridge.wsgi import build_environ

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from wsgiref.types import WSGIEnvironment

    from fastapi import FastAPI
    from flask import Flask
    from sqlalchemy import Engine

    from bridge.routing.hooks import HookDeclarations
    from bridge.routing.operations import OperationTable
    from bridge.routing.pairing import Pairing
    from bridge.routing.resolver import Resolution
    from bridge.types import Scope

__all__ = ["Routes"]

logger = logging.getLogger("bridge")

# Of calls that ask converters, apart from those of requests: a native operation does not wait for views. Unmeasured.
CONVERTER_TOKENS: Final = 4
NOT_STARTED: Final = (
    "the bridge serves requests and was not started, so its settings are not checked, and neither stages nor evidence are shared "
    "with other processes: run the application's lifespan; where it is mounted in another application, which gives it none, "
    "call bridge.start() and bridge.close() in that one's"
)


@dataclass(frozen=True, slots=True)
class Look:
    """
    What was seen of the routes at one time.

    Attributes:
        routes: How many routes and routers FastAPI had, and how many operations were declared.
        pairing: How they fit Flask's rules.
        undeclared_hooks: Operations by the hook that they leave behind.
    """

    routes: tuple[int, int]
    pairing: Pairing
    undeclared_hooks: Mapping[str, Sequence[str]]


class Routes:
    """
    How the routes of a Flask and of a FastAPI application fit together.

    Attributes:
        app: The FastAPI application; None until the bridge is installed in one.
    """

    def __init__(self, legacy: Flask, table: OperationTable, hooks: HookDeclarations) -> None:
        """
        Args:
            legacy: The Flask application.
            table: The declared operations.
            hooks: What became of the Flask hooks.
        """
        self.app: FastAPI | None = None
        self._started = False
        self._legacy = legacy
        self._table = table
        self._hooks = hooks
        self._capacity = Capacity(CONVERTER_TOKENS)
        self._resolver: Resolver | None = None
        self._last: Look | None = None

    def install(self, app: FastAPI, bridge: object) -> None:
        """
        Take *app* for the FastAPI application, whose state has *bridge* from now on.

        Raises:
            DeclaredTwice: It has another one already.
        """
        if isinstance(getattr(app.state, "bridge", None), type(bridge)):
            raise DeclaredTwice("the application has a bridge: mount another application in it, with the second bridge")
        self.app = app
        app.state.bridge = bridge

    def start(self, engine: Engine) -> None:
        """
        Log what needs a decision, where there is a FastAPI application.

        Args:
            engine: Which the Flask application should use as well.

        Raises:
            DeclaredTwice, UnknownEndpoint: As `report`.
        """
        self._started = True
        if self.app is not None:
            for warning in self.report().warnings():
                logger.warning(warning)
            if has_own_engine(self._legacy, engine):
                logger.warning(OWN_ENGINE)

    def report(self) -> RoutingReport:
        """
        Return how the routes fit together, and which Flask hooks were left behind.

        Raises:
            DeclaredTwice: Two routes have the name of one operation, at two paths.
            NotInstalled: There is no FastAPI application yet.
            UnknownEndpoint: A route says that it replaces a Flask endpoint that does not exist.
        """
        pairing = self._look().pairing
        return RoutingReport(
            paired=pairing.endpoints,
            hidden=pairing.hidden,
            unpaired=pairing.unpaired,
            ambiguous=pairing.ambiguous,
            repeated=pairing.repeated,
            unreachable=(self._resolver or Resolver(self._legacy, pairing)).unreachable(),
            undeclared_hooks=self._undeclared(pairing),
            unknown_hooks=unknown_hooks(self._legacy, self._hooks),
        )

    def undeclared_hooks(self) -> Mapping[str, Sequence[str]]:
        """Return the operations that leave an undeclared hook behind, by name of the hook."""
        return self._last_look().undeclared_hooks

    def flask_view(self, name: str) -> Callable[..., Any] | None:
        """Return the Flask view that the operation called *name* replaces; None for one that is new or retired."""
        endpoint = self._last_look().pairing.endpoints.get(name)
        return None if endpoint is None else self._legacy.view_functions[endpoint]

    def resolver(self) -> Resolver:
        """Return what resolves requests, made from the routes that there are at the first call."""
        if self._resolver is None:
            if not self._started:
                logger.warning(NOT_STARTED)
            self._resolver = Resolver(self._legacy, self._look().pairing)
        return self._resolver

    async def resolve(self, scope: Scope) -> Resolution:
        """
        Return who answers the request of an ASGI *scope*.

        Cancellation:
            As `offload`, where a converter of the Flask application's own is asked.
        """
        found = self.resolver().resolve(scope)
        if found.unconverted:
            converted = await offload(self._converts, build_environ(scope), capacity=self._capacity)
            return found if converted else TO_FLASK
        return found

    def _converts(self, environ: WSGIEnvironment) -> bool:
        with self._legacy.app_context():
            try:
                adapter = self._legacy.create_url_adapter(self._legacy.request_class(environ))
                return adapter is not None and bool(adapter.match())
            except Exception:  # noqa: BLE001  # a 404, or whatever the converter raises: Flask meets it again, and answers
                return False

    def _undeclared(self, pairing: Pairing) -> dict[str, list[str]]:
        return undeclared_hooks(self._legacy, pairing.endpoints, self._hooks)

    def _last_look(self) -> Look:
        """Return what was seen of the routes, seen again where routes were added: evidence asks for each operation."""
        last = self._last
        return last if last is not None and last.routes == self._count() else self._look()

    def _look(self) -> Look:
        # Requests are resolved by what was there at the first one, whatever is added afterwards.
        if self._resolver is None or self._last is None:
            routes = self._count()
            pairing = pair(self._legacy, fastapi_routes(self._installed_in, self._table))
            self._last = Look(routes, pairing, self._undeclared(pairing))
        return self._last

    def _count(self) -> tuple[int, int]:
        return len(self._installed_in.routes), self._table.routes

    @property
    def _installed_in(self) -> FastAPI:
        if self.app is None:
            raise NotInstalled("the bridge is in front of no application yet: call install(app) first")
        return self.app
