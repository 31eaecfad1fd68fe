"""Copies of Flask's rules, to ask what a request addresses without Flask."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from werkzeug.routing import BaseConverter, Map, Rule

from bridge.wsgi import build_environ

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flask import Flask
    from werkzeug.routing import MapAdapter

    from bridge.types import Scope

__all__ = ["RuleMap", "copy_of"]

# What Werkzeug's converters do, which wait for nothing.
HARMLESS: Final = {converter.to_python for converter in Map.default_converters.values()}


class Unconverted(str):
    """The text of a variable whose converter was not asked."""

    __slots__ = ()


class RuleMap:
    """
    Matches requests as Flask's own map does, over rules of its own.

    It runs on the event loop, so converters of the application's own are not asked: they may wait for the database.

    Attributes:
        by_host: The host of a request counts, too.
    """

    def __init__(
        self, legacy: Flask, rules: Iterable[Rule], converters: Mapping[str, type[BaseConverter]] = MappingProxyType({})
    ) -> None:
        """
        Args:
            legacy: The Flask application whose map it is like.
            rules: Unbound; of two that are equally specific the first one counts.
            converters: Further converters that *rules* use, by name.
        """
        flasks = legacy.url_map
        self._legacy = legacy
        self._map = Map(
            rules,
            default_subdomain=flasks.default_subdomain,
            strict_slashes=flasks.strict_slashes,
            merge_slashes=flasks.merge_slashes,
            redirect_defaults=flasks.redirect_defaults,
            converters={name: _without_conversion(each) for name, each in flasks.converters.items()} | {**converters},
            host_matching=flasks.host_matching,
        )
        self.by_host = flasks.host_matching or legacy.subdomain_matching
        self._adapter = None if self.by_host else self._map.bind("localhost", subdomain=flasks.default_subdomain)

    def match(self, scope: Scope, method: str, path: str) -> tuple[Rule, bool]:
        """
        Return the rule that *method* and *path* address, and whether a converter that was not asked may refuse them.

        Args:
            scope: Of the request; says the host, where Flask goes by that.
            method: Of HTTP.
            path: Below the application's root.

        Raises:
            werkzeug.exceptions.HTTPException: There is none: a redirect, 405 or 404.
        """
        rule, values = (self._adapter or self._bind(scope)).match(path, method, return_rule=True)
        return rule, any(type(value) is Unconverted for value in values.values())

    def _bind(self, scope: Scope) -> MapAdapter:
        # As Flask.create_url_adapter binds its own map.
        server_name = None if self._map.host_matching else self._legacy.config["SERVER_NAME"]
        return self._map.bind_to_environ(build_environ(scope), server_name=server_name)


def copy_of(rule: Rule, methods: set[str] | None) -> Rule:
    """Return an unbound copy of *rule* that answers *methods*; None is any."""
    # Not rule.empty(), because a class of the application's own may want other arguments.
    copy = Rule(rule.rule, **Rule.get_empty_kwargs(rule))
    copy.methods = methods
    # Which are left at their defaults.
    copy.websocket, copy.merge_slashes = rule.websocket, rule.merge_slashes
    # Where Flask redirects, it does so itself: a function that says where to would be called here.
    copy.redirect_to = None
    return copy


def _without_conversion(converter: type[BaseConverter]) -> type[BaseConverter]:
    """Return one that matches as *converter* does, and leaves the text as it is; itself where it is harmless."""
    if converter.to_python in HARMLESS:
        return converter
    return type(converter.__name__, (converter,), {"to_python": _leave, "to_url": BaseConverter.to_url})


def _leave(_converter: BaseConverter, value: str) -> Unconverted:
    return Unconverted(value)
