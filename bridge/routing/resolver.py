"""Who answers a request: resolved once, by Flask's URL map."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map, RequestRedirect

from bridge.routing.fastapi_routes import OwnRoutes
from bridge.wsgi import build_environ

if TYPE_CHECKING:
    import re

    from flask import Flask
    from werkzeug.routing import MapAdapter, Rule

    from bridge.routing.operations import Operation
    from bridge.routing.pairing import Pairing
    from bridge.types import Scope

__all__ = ["Resolution", "Resolver", "route_path"]


@dataclass(frozen=True, slots=True)
class Resolution:
    """
    Who answers a request.

    Attributes:
        fastapi: Whether FastAPI has a route for it.
        operation: The operation it addresses, where a router of the bridge declares it.
        paired: Flask has a view for the same operation.
        as_get: A HEAD request for a route that FastAPI only knows as GET.
        allow: Methods that FastAPI alone answers at this path; they belong into Flask's ``Allow``.
    """

    fastapi: bool
    operation: Operation | None = None
    paired: bool = False
    as_get: bool = False
    allow: frozenset[str] = frozenset()


TO_FLASK: Final = Resolution(fastapi=False)
TO_FASTAPI: Final = Resolution(fastapi=True)
NOT_PAIRED: Final[tuple[Resolution, re.Pattern[str] | None]] = (TO_FLASK, None)


class Resolver:
    """
    Resolves each request once, in a time that does not depend on the number of routes.

    Flask's URL map decides which operation a request addresses. A rule without a pair goes to Flask, whatever FastAPI's routes
    would match: porting ``/users/{id}`` does not swallow ``/users/me``. What Flask does not know goes to the FastAPI route that
    matches, and to Flask's own 404 or 405 where there is none.
    """

    def __init__(self, legacy: Flask, pairing: Pairing) -> None:
        self._legacy = legacy
        self._map = _without(legacy.url_map, pairing.retired)
        # Identity is the key because rules are not hashable; the copies of a reduced map inherit the pairs of their originals.
        self._pairs = {
            (id(rule), method): (Resolution(fastapi=True, operation=route.operation, paired=True), route.pattern)
            for rule, original in _copies(self._map, legacy.url_map)
            for method in rule.methods or ()
            if (route := pairing.pairs.get((id(original), method))) is not None
        }
        self._own = OwnRoutes(pairing.own)
        by_host = legacy.url_map.host_matching or legacy.subdomain_matching
        self._adapter = None if by_host else self._map.bind("localhost", subdomain=legacy.url_map.default_subdomain)

    def resolve(self, scope: Scope) -> Resolution:
        """Return who answers the request of an ASGI *scope*."""
        method, path = scope["method"], route_path(scope)
        try:
            rule, _ = (self._adapter or self._bind(scope)).match(path, method, return_rule=True)
        except RequestRedirect:
            return self._own_route(method, path) or TO_FLASK
        except MethodNotAllowed:
            return self._own_route(method, path) or Resolution(fastapi=False, allow=self._own.allowed(path))
        except HTTPException:
            return self._own_route(method, path) or self._unknown(method, path)
        found = self._paired(rule, method, path)
        if found is not None:
            return found
        if method == "OPTIONS":
            return Resolution(fastapi=False, allow=self._own.allowed(path))
        return self._head_as_get(self._paired(rule, "GET", path)) if method == "HEAD" else TO_FLASK

    def _paired(self, rule: Rule, method: str, path: str) -> Resolution | None:
        resolution, pattern = self._pairs.get((id(rule), method), NOT_PAIRED)
        # A rule may match more than its route does: both slashes, a defaults= twin of the endpoint, other digits. That is Flask's.
        return resolution if pattern is not None and pattern.match(path) else None

    def _own_route(self, method: str, path: str) -> Resolution | None:
        found = self._own.match(method, path)
        if found is None:
            return None
        route, answered_as = found
        # A plain FastAPI route answers HEAD as FastAPI does, which is 405 unless it says otherwise.
        as_get = route.operation is not None and answered_as != method
        return Resolution(fastapi=True, operation=route.operation, as_get=as_get)

    def _unknown(self, method: str, path: str) -> Resolution:
        # FastAPI answers for the paths that only it knows: 405, and its redirect where a slash is missing or too many.
        known = bool(self._own.allowed(path)) or (method != "OPTIONS" and self._own.redirects(path))
        return TO_FASTAPI if known else TO_FLASK

    @staticmethod
    def _head_as_get(paired: Resolution | None) -> Resolution:
        return TO_FLASK if paired is None else replace(paired, as_get=True)

    def _bind(self, scope: Scope) -> MapAdapter:
        # As Flask.create_url_adapter binds its own map.
        server_name = None if self._map.host_matching else self._legacy.config["SERVER_NAME"]
        return self._map.bind_to_environ(build_environ(scope), server_name=server_name)


def route_path(scope: Scope) -> str:
    """Return the path below the application's root, stripped only at a segment boundary: ``/v10`` is not below ``/v1``."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "").rstrip("/")
    return path[len(root) :] or "/" if root and f"{path}/".startswith(f"{root}/") else path


def _without(url_map: Map, retired: list[tuple[Rule, str]]) -> Map:
    """Return *url_map* without the *retired* methods of its rules; the map itself where there are none."""
    if not retired:
        return url_map
    gone: dict[int, set[str]] = {}
    for rule, method in retired:
        gone.setdefault(id(rule), set()).add(method)
    kept = []
    for rule in url_map.iter_rules():
        copy = rule.empty()
        methods = set(rule.methods or ()) - gone.get(id(rule), set())
        # HEAD and OPTIONS come with GET and go with it.
        copy.methods = methods - {"HEAD"} if "GET" in gone.get(id(rule), ()) else methods
        if copy.methods - {"OPTIONS"}:
            kept.append(copy)
    return Map(
        kept,
        default_subdomain=url_map.default_subdomain,
        strict_slashes=url_map.strict_slashes,
        merge_slashes=url_map.merge_slashes,
        redirect_defaults=url_map.redirect_defaults,
        converters=url_map.converters,
        host_matching=url_map.host_matching,
    )


def _copies(reduced: Map, url_map: Map) -> list[tuple[Rule, Rule]]:
    """Return each rule of *reduced* with the rule of *url_map* that it is, or is a copy of."""
    if reduced is url_map:
        return [(rule, rule) for rule in url_map.iter_rules()]
    originals = {(rule.rule, rule.endpoint, rule.subdomain, rule.host): rule for rule in url_map.iter_rules()}
    return [(rule, originals[rule.rule, rule.endpoint, rule.subdomain, rule.host]) for rule in reduced.iter_rules()]
