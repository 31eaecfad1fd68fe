"""
What FastAPI's routes answer.

The one module that asks FastAPI for its routes: since routers are included lazily, `iter_route_contexts` is the public way to
see them with the prefixes they were included under.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fastapi.routing import iter_route_contexts
from starlette.convertors import CONVERTOR_TYPES
from starlette.routing import Mount, compile_path
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BaseConverter, Map, Rule

from bridge.routing.operations import PATH_VARIABLE, rule_shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fastapi import FastAPI

    from bridge.routing.operations import Operation, OperationTable

__all__ = ["FastAPIRoute", "OwnRoutes", "fastapi_routes"]

ANY_METHOD: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class FastAPIRoute:
    """
    One HTTP route of the FastAPI application.

    Attributes:
        path: With its variables, such as ``/users/{user_id:int}``.
        methods: The methods it answers.
        operation: What a router of the bridge declared, if it was one.
    """

    path: str
    methods: frozenset[str]
    operation: Operation | None

    @property
    def shape(self) -> str:
        """The path with its variables made anonymous."""
        return rule_shape(self.path)

    @property
    def form(self) -> str:
        """The path with its variables made anonymous, but for their converters: which of two routes FastAPI can tell apart."""
        return PATH_VARIABLE.sub(lambda found: f"{{{found['converter'] or 'str'}}}", self.path)

    @property
    def pattern(self) -> re.Pattern[str]:
        """What FastAPI matches the path of a request with."""
        return compile_path(self.path)[0]


def fastapi_routes(app: FastAPI, table: OperationTable) -> Iterator[FastAPIRoute]:
    """Return every HTTP route of *app*, in the order in which it tries them."""
    for context in iter_route_contexts(app.routes):
        if context.path is None:
            continue
        if isinstance(context.original_route, Mount):
            for path in (context.path, f"{context.path}/{{path:path}}"):
                yield FastAPIRoute(path or "/", ANY_METHOD, None)
        elif context.methods is not None:
            yield FastAPIRoute(context.path, frozenset(context.methods), table.served_by(context.endpoint))


class OwnRoutes:
    """
    The routes that Flask has no say in, because it has no rule for them or has been retired from them.

    Found through a Werkzeug map, in constant time, whatever their number.
    """

    def __init__(self, routes: Iterable[tuple[FastAPIRoute, str]]) -> None:
        """
        Args:
            routes: Each route with a method that belongs to it alone.
        """
        # Starlette's converters, so that what the map finds is what FastAPI's own matching will find again.
        converters = {
            name: type(
                name, (BaseConverter,), {"regex": convertor.regex, "part_isolating": _stays_in_part(convertor.regex)}
            )
            for name, convertor in CONVERTOR_TYPES.items()
        }
        self._routes = {str(number): entry for number, entry in enumerate(routes)}
        rules = [
            Rule(_as_rule(route.path), methods=[method], endpoint=number)
            for number, (route, method) in self._routes.items()
        ]
        self._map = Map(rules, converters=converters, merge_slashes=False, redirect_defaults=False).bind("")

    def match(self, method: str, path: str) -> tuple[FastAPIRoute, str] | None:
        """Return the route that answers, and the method it answers as: GET for a HEAD request it does not know itself."""
        try:
            number, _ = self._map.match(path, method)
        except HTTPException:
            return None
        route, declared = self._routes[number]
        return route, method if method in route.methods else declared

    def allowed(self, path: str) -> frozenset[str]:
        """Return the methods that the routes answer at *path*."""
        return frozenset(self._map.allowed_methods(path))

    def redirects(self, path: str) -> bool:
        """Return whether FastAPI would redirect *path* to a route that differs in its last slash."""
        other = path.rstrip("/") if path.endswith("/") else f"{path}/"
        return path != "/" and bool(self._map.allowed_methods(other))


def _stays_in_part(regex: str) -> bool:
    """Return whether a converter never matches a slash, as far as its *regex* tells; False is only slower."""
    return regex == CONVERTOR_TYPES["str"].regex or ("/" not in regex and not re.fullmatch(regex, "a/a"))


def _as_rule(path: str) -> str:
    return PATH_VARIABLE.sub(lambda found: f"<{found['converter'] or 'str'}:{found['name']}>", path)
