"""Which FastAPI route replaces which Flask rule."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bridge.errors import UnknownEndpoint
from bridge.routing.operations import AUTO, rule_shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flask import Flask
    from werkzeug.routing import Rule

    from bridge.routing.fastapi_routes import FastAPIRoute
    from bridge.routing.operations import Operation

__all__ = ["Pairing", "pair"]


@dataclass(slots=True)
class Pairing:
    """
    How the two sides fit together.

    Attributes:
        pairs: The FastAPI route that replaces a rule, by identity of the rule and method.
        retired: Rules, with a method, that Flask is no longer asked about.
        own: Routes, with a method, that replace nothing.
        endpoints: Flask endpoints by name of the operation that replaces them.
        hidden: Flask endpoints by the FastAPI route that answers instead, though no router of the bridge declares it.
        unpaired: Names of declared operations that no Flask rule fits, though they do not say that they are new.
        ambiguous: Names of operations that fit several Flask rules; Flask keeps them until ``replaces=`` says which.
        repeated: Names of operations that several FastAPI routes declare; the first one counts.
    """

    pairs: dict[tuple[int, str], FastAPIRoute] = field(default_factory=dict)
    retired: list[tuple[Rule, str]] = field(default_factory=list)
    own: list[tuple[FastAPIRoute, str]] = field(default_factory=list)
    endpoints: dict[str, str] = field(default_factory=dict)
    hidden: dict[str, str] = field(default_factory=dict)
    unpaired: list[str] = field(default_factory=list)
    ambiguous: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)


def pair(legacy: Flask, routes: Iterable[FastAPIRoute]) -> Pairing:
    """
    Pair each route with the Flask rule of its shape and method, or of the endpoint it says it replaces.

    Raises:
        UnknownEndpoint: A route says that it replaces an endpoint that Flask does not have.
    """
    pairing = Pairing()
    seen: set[tuple[str, str]] = set()
    for route in routes:
        for method in sorted(route.methods):
            name = f"{method} {route.path}" if route.operation is None else route.operation.name
            if (route.form, method) in seen:
                pairing.repeated.append(name)
                continue
            seen.add((route.form, method))
            _pair_one(pairing, legacy, route, method, name)
    return pairing


def _pair_one(pairing: Pairing, legacy: Flask, route: FastAPIRoute, method: str, name: str) -> None:
    rules = list(_candidates(legacy, route, method))
    if not rules:
        pairing.own.append((route, method))
        if route.operation is not None and route.operation.replaces is AUTO:
            pairing.unpaired.append(name)
    elif len({rule.endpoint for rule in rules}) > 1:
        pairing.ambiguous.append(name)
    elif route.operation is not None and route.operation.retired:
        pairing.own.append((route, method))
        pairing.retired += [(rule, method) for rule in rules]
    else:
        for rule in rules:
            pairing.pairs[id(rule), method] = route
        pairing.endpoints[name] = rules[0].endpoint
        if all(rule_shape(rule.rule) != route.shape for rule in rules):
            # It replaces the endpoint at a path of its own, which none of the endpoint's rules may match.
            pairing.own.append((route, method))
        if route.operation is None:
            pairing.hidden[name] = rules[0].endpoint


def _candidates(legacy: Flask, route: FastAPIRoute, method: str) -> Iterator[Rule]:
    replaces = AUTO if route.operation is None else route.operation.replaces
    if replaces is None:
        return
    if replaces is not AUTO and replaces not in legacy.view_functions:
        operation: Operation | None = route.operation
        msg = (
            f"{operation.name if operation else route.path} says that it replaces {replaces!r}, which is no endpoint of the "
            f"Flask application: use one of {', '.join(sorted(legacy.view_functions))}"
        )
        raise UnknownEndpoint(msg)
    for rule in legacy.url_map.iter_rules():
        fits = rule_shape(rule.rule) == route.shape if replaces is AUTO else rule.endpoint == replaces
        if fits and method in (rule.methods or ()) and not rule.build_only and not rule.websocket:
            yield rule
