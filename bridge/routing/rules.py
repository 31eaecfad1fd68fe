"""Which side a request belongs to: Flask's URL map decides, FastAPI's routes are paired with its rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi.routing import iter_route_contexts
from starlette.routing import compile_path
from werkzeug.exceptions import HTTPException

from bridge.routing.operations import rule_shape

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable

    from fastapi import FastAPI
    from flask import Flask
    from werkzeug.routing import Rule

    from bridge.routing.operations import Operation, OperationTable

__all__ = ["Resolution", "Resolver"]


@dataclass(frozen=True, slots=True)
class Resolution:
    """
    Who answers a request.

    Attributes:
        fastapi: Whether FastAPI has a route for it.
        operation: The operation it addresses, where a router of the bridge declares it.
    """

    fastapi: bool
    operation: Operation | None = None


@dataclass(frozen=True, slots=True)
class FastAPIRoute:
    pattern: re.Pattern[str]
    shape: str
    methods: frozenset[str]
    operation: Operation | None


TO_FLASK = Resolution(fastapi=False)


class Resolver:
    """
    Resolves each request once, by Flask's URL map.

    A FastAPI route is paired with the Flask rule of the same shape and method. A request that Flask routes to a rule without a pair
    goes to Flask, whatever FastAPI's routes would match: porting ``/users/{id}`` does not swallow ``/users/me``. A request that
    Flask does not know goes to the FastAPI route that matches it, if there is one.
    """

    def __init__(self, legacy: Flask, app: FastAPI, table: OperationTable) -> None:
        # The rules of this application do not depend on the host, so one adapter serves every request.
        self._rules = legacy.url_map.bind("localhost")
        # Rules are not hashable; the map keeps each alive, so its identity is a key.
        paired: dict[tuple[int, str], Resolution] = {}
        own: list[FastAPIRoute] = []
        by_shape: dict[tuple[str, str], list[Rule]] = {}
        for rule in legacy.url_map.iter_rules():
            for method in rule.methods or ():
                by_shape.setdefault((rule_shape(rule.rule), method), []).append(rule)
        for route in _routes(app, table):
            for method in route.methods:
                rules = by_shape.get((route.shape, method), [])
                for rule in rules:
                    paired[id(rule), method] = Resolution(fastapi=True, operation=route.operation)
            if not all((route.shape, method) in by_shape for method in route.methods):
                own.append(route)
        self._paired = paired
        self._own = own

    def resolve(self, method: str, path: str) -> Resolution:
        """Return who answers *method* *path*, a decoded path without the root path."""
        try:
            rule, _ = self._rules.match(path, method, return_rule=True)
        except HTTPException:
            return self._own_route(method, path)
        return self._paired.get((id(rule), method), TO_FLASK)

    def _own_route(self, method: str, path: str) -> Resolution:
        for route in self._own:
            if method in route.methods and route.pattern.match(path):
                return Resolution(fastapi=True, operation=route.operation)
        return TO_FLASK


def _routes(app: FastAPI, table: OperationTable) -> Iterable[FastAPIRoute]:
    for context in iter_route_contexts(app.routes):
        path: str | None = context.path
        if path is not None:
            pattern, _, _ = compile_path(path)
            methods: Any = context.methods or {"GET", "HEAD"}
            yield FastAPIRoute(pattern, rule_shape(path), frozenset(methods), table.served_by(context.endpoint))
