"""The routes of both applications."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.errors import NotInstalled
from bridge.routing.fastapi_routes import fastapi_routes
from bridge.routing.hooks import undeclared_hooks
from bridge.routing.pairing import pair
from bridge.routing.report import RoutingReport
from bridge.routing.resolver import Resolver

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fastapi import FastAPI
    from flask import Flask

    from bridge.routing.hooks import HookDeclarations
    from bridge.routing.operations import OperationTable
    from bridge.routing.pairing import Pairing

__all__ = ["Routes"]


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
        self._legacy = legacy
        self._table = table
        self._hooks = hooks
        self._resolver: Resolver | None = None

    def report(self) -> RoutingReport:
        """
        Return how the routes fit together, and which Flask hooks were left behind.

        Raises:
            NotInstalled: There is no FastAPI application yet.
            UnknownEndpoint: A route says that it replaces a Flask endpoint that does not exist.
        """
        pairing = self._pair()
        return RoutingReport(
            paired=pairing.endpoints,
            hidden=pairing.hidden,
            unpaired=pairing.unpaired,
            ambiguous=pairing.ambiguous,
            repeated=pairing.repeated,
            unreachable=Resolver(self._legacy, pairing).unreachable(),
            undeclared_hooks=self._undeclared(pairing),
        )

    def undeclared_hooks(self) -> Mapping[str, Sequence[str]]:
        """Return the operations that leave an undeclared hook behind, by name of the hook."""
        return self._undeclared(self._pair())

    def flask_view(self, name: str) -> Callable[..., Any] | None:
        """Return the Flask view that the operation called *name* replaces; None for one that is new or retired."""
        endpoint = self._pair().endpoints.get(name)
        return None if endpoint is None else self._legacy.view_functions[endpoint]

    def resolver(self) -> Resolver:
        """Return what resolves requests, made from the routes that there are at the first call."""
        if self._resolver is None:
            self._resolver = Resolver(self._legacy, self._pair())
        return self._resolver

    def _undeclared(self, pairing: Pairing) -> dict[str, list[str]]:
        return undeclared_hooks(self._legacy, pairing.endpoints, self._hooks)

    def _pair(self) -> Pairing:
        if self.app is None:
            raise NotInstalled("the bridge is in front of no application yet: call install(app) first")
        return pair(self._legacy, fastapi_routes(self.app, self._table))
