"""The FastAPI routes that Flask has no rule for, as rules of Werkzeug's, so that both sides are found in one way."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from starlette.convertors import CONVERTOR_TYPES
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BaseConverter, Map, PathConverter, Rule

from bridge.routing.operations import PATH_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bridge.routing.fastapi_routes import FastAPIRoute

__all__ = ["OwnRoutes", "own_converters", "own_rules"]

# Before the names of variables and converters, which are Flask's too in a map of both sides.
PREFIX: Final = "fastapi_"
# Werkzeug's converter that takes what one of Starlette's takes, or more digits, which the route refuses afterwards.
SAME_AS_FLASKS: Final = {
    "str": "string",
    "int": "int",
    "flask_int": "int",
    "flask_float": "float",
    "flask_uuid": "uuid",
    "flask_path": "path",
}


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
        entries = list(routes)
        self._routes = [route for route, _ in entries]
        rules = [
            Rule(_as_rule(route.path), methods=[method], endpoint=number)
            for number, (route, method) in enumerate(entries)
        ]
        self._map = Map(
            rules, converters=own_converters(like_flasks=False), merge_slashes=False, redirect_defaults=False
        ).bind("")

    def match(self, method: str, path: str) -> FastAPIRoute | None:
        """Return the route that answers, though it may know a HEAD request as GET only."""
        try:
            number: int = self._map.match(path, method)[0]
        except HTTPException:
            return None
        return self._routes[number]

    def allowed(self, path: str) -> frozenset[str]:
        """Return the methods that the routes answer at *path*."""
        return frozenset(self._map.allowed_methods(path))

    def redirects(self, path: str) -> bool:
        """Return whether FastAPI would redirect *path* to a route that differs in its last slash."""
        other = path.rstrip("/") if path.endswith("/") else f"{path}/"
        return path != "/" and bool(self._map.allowed_methods(other))


def own_rules(routes: Iterable[tuple[FastAPIRoute, str]], flasks: Map) -> Iterator[tuple[Rule, FastAPIRoute]]:
    """
    Yield rules that stand for *routes* beside those of Flask's map, and the route of each.

    Args:
        routes: Each route with a method that belongs to it alone.
        flasks: Says for which hosts or subdomains they are needed.
    """
    domains = {(rule.host if flasks.host_matching else rule.subdomain) or "" for rule in flasks.iter_rules()}
    part = "host" if flasks.host_matching else "subdomain"
    for route, method in routes:
        for domain in sorted(domains):
            options: dict[str, Any] = {part: domain}
            yield Rule(_as_rule(route.path), methods=[method], merge_slashes=False, **options), route


def own_converters(*, like_flasks: bool) -> dict[str, type[BaseConverter]]:
    """
    Return Starlette's converters, so that what a map finds is what FastAPI's own matching will find again.

    Args:
        like_flasks: Make each as specific as Werkzeug's, and the same where it takes the same, so that the rules of both sides
            are compared part by part; else all are equal, since FastAPI goes by the order of its routes.
    """
    return {
        f"{PREFIX}{name}": _like_flasks(name, convertor.regex) if like_flasks else _as_converter(name, convertor.regex)
        for name, convertor in CONVERTOR_TYPES.items()
    }


def _like_flasks(name: str, regex: str) -> type[BaseConverter]:
    if name in SAME_AS_FLASKS:
        same = Map.default_converters[SAME_AS_FLASKS[name]](Map())
        return _made(name, same.regex, in_part=same.part_isolating, weight=same.weight)
    in_part = _stays_in_part(regex)
    alike = Map.default_converters.get(name, BaseConverter) if in_part else PathConverter
    return _made(name, regex, in_part=in_part, weight=alike.weight)


def _as_converter(name: str, regex: str) -> type[BaseConverter]:
    return _made(name, regex, in_part=_stays_in_part(regex), weight=BaseConverter.weight)


def _made(name: str, regex: str, *, in_part: bool, weight: int) -> type[BaseConverter]:
    return type(name, (BaseConverter,), {"regex": regex, "part_isolating": in_part, "weight": weight})


def _stays_in_part(regex: str) -> bool:
    """Return whether a converter never matches a slash, as far as its *regex* tells; False is slower, and less specific."""
    return regex == CONVERTOR_TYPES["str"].regex or ("/" not in regex and not re.fullmatch(regex, "a/a"))


def _as_rule(path: str) -> str:
    return PATH_VARIABLE.sub(lambda found: f"<{PREFIX}{found['converter'] or 'str'}:{PREFIX}{found['name']}>", path)
