"""Which FastAPI route replaces which Flask rule."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bridge.errors import DeclaredTwice, UnknownEndpoint
from bridge.routing.operations import AUTO, rule_shape

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask import Flask
    from werkzeug.routing import Rule

    from bridge.routing.fastapi_routes import FastAPIRoute

__all__ = ["Pairing", "pair"]


@dataclass(slots=True)
class Pairing:
    """
    How the two sides fit together.

    Attributes:
        pairs: The FastAPI route that replaces a rule, by identity of the rule and method.
        retired: The FastAPI route that a rule has been retired for, by identity of the rule and method.
        own: Routes, with a method, that Flask has no say in, because it has no rule for them or has been retired from them.
        new: Those of *own* that no rule of Flask's stands for, be it a retired one.
        endpoints: Flask endpoints by name of the operation that replaces them.
        hidden: Flask endpoints by the FastAPI route that answers instead, though no router of the bridge declares it.
        unpaired: Names of declared operations that no Flask rule fits, though they do not say that they are new.
        ambiguous: Names of operations that fit several Flask rules; Flask keeps them until ``replaces=`` says which.
        repeated: Names of operations that several FastAPI routes declare; the first one counts.
    """

    pairs: dict[tuple[int, str], FastAPIRoute] = field(default_factory=dict)
    retired: dict[tuple[int, str], FastAPIRoute] = field(default_factory=dict)
    own: list[tuple[FastAPIRoute, str]] = field(default_factory=list)
    new: list[tuple[FastAPIRoute, str]] = field(default_factory=list)
    endpoints: dict[str, str] = field(default_factory=dict)
    hidden: dict[str, str] = field(default_factory=dict)
    unpaired: list[str] = field(default_factory=list)
    ambiguous: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)


def pair(legacy: Flask, routes: Iterable[FastAPIRoute]) -> Pairing:
    """
    Pair each route with the Flask rule of its shape and method, or of the endpoint it says it replaces.

    Raises:
        DeclaredTwice: Two routes have the name of one operation, at two paths.
        UnknownEndpoint: A route says that it replaces an endpoint that Flask does not have.
    """
    pairing, rules = Pairing(), FlaskRules(legacy)
    seen: set[tuple[str, str]] = set()
    paths: dict[str, str] = {}
    for route in routes:
        _require_one_path(route, paths)
        form = route.form
        for method in sorted(route.methods):
            if (form, method) in seen:
                pairing.repeated.append(route.name(method))
                continue
            seen.add((form, method))
            _pair_one(pairing, route, method, rules.candidates(route, method))
    return pairing


def _require_one_path(route: FastAPIRoute, paths: dict[str, str]) -> None:
    if route.operation is None:
        return
    name = route.operation.name
    first = paths.setdefault(name, route.path)
    if first != route.path:
        msg = (
            f"{first} and {route.path} are both called {name}, so they would share one stage, evidence and hooks: make a "
            "router for each prefix and give it the whole of it, such as bridge.router(prefix='/v1/users'), or give their variables different names"
        )
        raise DeclaredTwice(msg)


class FlaskRules:
    """The rules that a route can replace, by what it says of them."""

    def __init__(self, legacy: Flask) -> None:
        self._endpoints = legacy.view_functions.keys()
        self._by_shape: dict[str, list[Rule]] = {}
        self._by_endpoint: dict[str, list[Rule]] = {}
        for rule in legacy.url_map.iter_rules():
            if not rule.build_only and not rule.websocket:
                self._by_shape.setdefault(rule_shape(rule.rule), []).append(rule)
                self._by_endpoint.setdefault(rule.endpoint, []).append(rule)

    def candidates(self, route: FastAPIRoute, method: str) -> list[Rule]:
        """
        Return the rules that *route* may replace for *method*.

        Raises:
            UnknownEndpoint: It says that it replaces an endpoint that Flask does not have.
        """
        replaces = AUTO if route.operation is None else route.operation.replaces
        if replaces is None:
            return []
        if replaces is AUTO:
            fitting = self._by_shape.get(route.shape, [])
        elif replaces in self._endpoints:
            fitting = self._by_endpoint.get(replaces, [])
        else:
            msg = (
                f"{route.name(method)} says that it replaces {replaces!r}, which is no endpoint of the "
                f"Flask application: use one of {', '.join(sorted(self._endpoints))}"
            )
            raise UnknownEndpoint(msg)
        return [rule for rule in fitting if method in (rule.methods or ())]


def _pair_one(pairing: Pairing, route: FastAPIRoute, method: str, rules: list[Rule]) -> None:
    name, operation = route.name(method), route.operation
    if not rules:
        pairing.own.append((route, method))
        pairing.new.append((route, method))
        if operation is not None and operation.replaces is AUTO:
            pairing.unpaired.append(name)
        return
    if len({rule.endpoint for rule in rules}) > 1:
        pairing.ambiguous.append(name)
        return
    retired = operation is not None and operation.retired
    (pairing.retired if retired else pairing.pairs).update({(id(rule), method): route for rule in rules})
    # It may replace the endpoint at a path of its own, which none of the endpoint's rules may match.
    elsewhere = all(rule_shape(rule.rule) != route.shape for rule in rules)
    if elsewhere or retired:
        pairing.own.append((route, method))
    if elsewhere:
        pairing.new.append((route, method))
    if not retired:
        pairing.endpoints[name] = rules[0].endpoint
        if operation is None:
            pairing.hidden[name] = rules[0].endpoint
