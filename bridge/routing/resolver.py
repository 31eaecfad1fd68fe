"""Who answers a request: resolved once, by Flask's URL map."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import RequestRedirect

from bridge.routing.own_routes import OwnRoutes, own_converters, own_rules
from bridge.routing.rule_map import RuleMap, copy_of

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

    from flask import Flask
    from werkzeug.routing import Rule

    from bridge.routing.fastapi_routes import FastAPIRoute
    from bridge.routing.operations import Operation
    from bridge.routing.pairing import Pairing
    from bridge.types import Scope

__all__ = ["TO_FLASK", "Resolution", "Resolver", "route_path"]


@dataclass(frozen=True, slots=True)
class Resolution:
    """
    Who answers a request.

    Attributes:
        fastapi: Whether FastAPI has a route for it.
        operation: The operation it addresses, where a router of the bridge declares it.
        paired: Flask has a view for the same operation.
        as_get: A HEAD request for a route that FastAPI only knows as GET.
        unconverted: A converter of the Flask application's own has to take the path yet; else it is Flask's.
        allow: Methods that FastAPI alone answers at this path; they belong into Flask's ``Allow``.
    """

    fastapi: bool
    operation: Operation | None = None
    paired: bool = False
    as_get: bool = False
    unconverted: bool = False
    allow: frozenset[str] = frozenset()


# Together with what the path of the request has to match.
Answer: TypeAlias = "tuple[Resolution, re.Pattern[str] | None]"

TO_FLASK: Final = Resolution(fastapi=False)
TO_FASTAPI: Final = Resolution(fastapi=True)
NO_ANSWER: Final[Answer] = (TO_FLASK, None)


class Resolver:
    """
    Resolves each request once, in a time that does not depend on the number of routes.

    Flask's URL map decides which operation a request addresses. A rule without a pair goes to Flask, whatever FastAPI's routes
    would match: porting ``/users/{id}`` does not swallow ``/users/me``. A route that replaces nothing counts as a rule beside
    Flask's: of several that match the most specific one answers, and Flask's before an equal, so that ``/<path:path>`` does not
    swallow ``/docs``. What nobody has goes to Flask's own 404 or 405.
    """

    def __init__(self, legacy: Flask, pairing: Pairing) -> None:
        flasks = list(legacy.url_map.iter_rules())
        copies = [(copy_of(rule, rule.methods), rule) for rule in flasks]
        remaining = list(_remaining_rules(flasks, pairing))
        own = list(own_rules(pairing.new, legacy.url_map))
        # Identity is the key because rules are not hashable; copies inherit the pairs of their originals.
        self._answers: dict[tuple[int, str], Answer] = {}
        for rule, original in [*copies, *remaining]:
            for method in rule.methods or ():
                if (answer := _replacing(original, method, pairing)) is not None:
                    self._answers[id(rule), method] = answer
        for rule, route in own:
            for method in rule.methods or ():
                self._answers[id(rule), method] = (_own_resolution(route, method), route.pattern)
        # Rules that Flask does not have, or not for every method: what they have no answer for is asked of those that remain.
        retired = {identity for identity, _ in pairing.retired}
        self._not_flasks = {id(rule) for rule, _ in own} | {id(copy) for copy, rule in copies if id(rule) in retired}
        self._new = pairing.new
        self._own = OwnRoutes(pairing.own)
        self._both = RuleMap(legacy, [rule for rule, _ in [*copies, *own]], own_converters(like_flasks=True))
        self._remaining = RuleMap(legacy, [rule for rule, _ in remaining])

    def resolve(self, scope: Scope) -> Resolution:
        """Return who answers the request of an ASGI *scope*."""
        method, path = scope["method"], route_path(scope)
        try:
            rule, unconverted = self._both.match(scope, method, path)
        except HTTPException:
            return self._remaining_or_own(scope, method, path)
        found = self._answer(rule, method, path, unconverted=unconverted)
        if found is not None:
            # Where Flask has no say in it, FastAPI says which of its routes answers: the first one that matches.
            return found if found.paired else self._own_route(method, path) or found
        if id(rule) in self._not_flasks:
            return self._remaining_or_own(scope, method, path)
        return self._by_flask(method, path)

    def unreachable(self) -> dict[str, str]:
        """
        Return the routes that replace nothing and are hidden by a rule of Flask's, with its endpoint, by their name.

        One path of each route is tried. Says nothing where Flask goes by the host, since that depends on the request.
        """
        if self._both.by_host:
            return {}
        hidden = {}
        for route, method in self._new:
            try:
                rule, _ = self._both.match({}, method, route.example)
            except HTTPException:
                continue
            if id(rule) not in self._not_flasks:
                hidden[route.name(method)] = str(rule.endpoint)
        return hidden

    def _answer(self, rule: Rule, method: str, path: str, *, unconverted: bool) -> Resolution | None:
        resolution, pattern = self._answers.get((id(rule), method), NO_ANSWER)
        # A rule may match more than its route does: both slashes, a defaults= twin of the endpoint, other digits. That is Flask's.
        if pattern is None or not pattern.match(path):
            return None
        # Flask is not asked about a retired operation, nor about what it does not have.
        return replace(resolution, unconverted=True) if unconverted and resolution.paired else resolution

    def _remaining_or_own(self, scope: Scope, method: str, path: str) -> Resolution:
        try:
            rule, unconverted = self._remaining.match(scope, method, path)
        except RequestRedirect:
            return self._own_route(method, path) or TO_FLASK
        except MethodNotAllowed:
            return self._own_route(method, path) or self._with_allow(path)
        except HTTPException:
            return self._own_route(method, path) or self._unknown(method, path)
        return self._answer(rule, method, path, unconverted=unconverted) or self._by_flask(method, path)

    def _by_flask(self, method: str, path: str) -> Resolution:
        return self._with_allow(path) if method == "OPTIONS" else TO_FLASK

    def _with_allow(self, path: str) -> Resolution:
        return Resolution(fastapi=False, allow=self._own.allowed(path))

    def _own_route(self, method: str, path: str) -> Resolution | None:
        route = self._own.match(method, path)
        return None if route is None else _own_resolution(route, method)

    def _unknown(self, method: str, path: str) -> Resolution:
        # FastAPI answers for the paths that only it knows: 405, and its redirect where a slash is missing or too many.
        known = bool(self._own.allowed(path)) or (method != "OPTIONS" and self._own.redirects(path))
        return TO_FASTAPI if known else TO_FLASK


def route_path(scope: Scope) -> str:
    """Return the path below the application's root, stripped only at a segment boundary: ``/v10`` is not below ``/v1``."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "").rstrip("/")
    return path[len(root) :] or "/" if root and f"{path}/".startswith(f"{root}/") else path


def _replacing(rule: Rule, method: str, pairing: Pairing) -> Answer | None:
    """Return what answers for a rule of Flask's; None for one that redirects."""
    if rule.redirect_to is not None:
        return None
    for known_as in (method, "GET") if method == "HEAD" else (method,):
        key, as_get = (id(rule), known_as), known_as != method
        is_retired = key in pairing.retired
        route = (pairing.retired if is_retired else pairing.pairs).get(key)
        if route is not None:
            found = Resolution(fastapi=True, operation=route.operation, paired=not is_retired, as_get=as_get)
            return found, route.pattern
    return None


def _own_resolution(route: FastAPIRoute, method: str) -> Resolution:
    # A plain FastAPI route answers HEAD as FastAPI does, which is 405 unless it says otherwise.
    return Resolution(
        fastapi=True, operation=route.operation, as_get=route.operation is not None and method not in route.methods
    )


def _remaining_rules(flasks: list[Rule], pairing: Pairing) -> Iterator[tuple[Rule, Rule]]:
    """Yield copies of the rules that nothing was retired from, or not everything, each with its original."""
    for rule in flasks:
        methods = rule.methods
        gone = {method for method in methods or () if (id(rule), method) in pairing.retired}
        # HEAD and OPTIONS come with GET and go with it.
        if methods and gone:
            methods = methods - gone - ({"HEAD"} if "GET" in gone else set())
            if not methods - {"OPTIONS"}:
                continue
        yield copy_of(rule, methods), rule
