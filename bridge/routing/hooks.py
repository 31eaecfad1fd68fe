"""
Flask's request hooks, which do not run where FastAPI answers.

An authentication hook that is lost in a port is the worst bug there is, so every hook that an operation leaves behind has to be
declared: ported, or not needed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from flask import Flask

__all__ = ["HookDeclarations", "Hooks", "undeclared_hooks", "unknown_hooks"]

NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class HookDeclarations:
    """
    What became of each Flask hook that bridged and native operations leave behind.

    A hook is named by where it is defined, such as ``legacy_sync.hooks._identify_request``. Where several functions have one name,
    as those of a factory do, it says whose hook it is, such as ``app.require.<locals>.check of the blueprint admin``, and its number
    if that is not enough. `Bridge.report` lists the names.

    Attributes:
        ported: Where the work of a hook is done now, by name.
        not_needed: Why nothing has to be done, by name.
    """

    ported: Mapping[str, str] = field(default_factory=lambda: NONE)
    not_needed: Mapping[str, str] = field(default_factory=lambda: NONE)

    def __contains__(self, name: object) -> bool:
        return name in self.ported or name in self.not_needed


def undeclared_hooks(legacy: Flask, endpoints: Mapping[str, str], declared: HookDeclarations) -> dict[str, list[str]]:
    """
    Return the operations that leave an undeclared hook behind, by name of the hook.

    Args:
        legacy: The application whose hooks are meant.
        endpoints: The replaced endpoint by name of the operation.
        declared: What has become of the hooks.
    """
    hooks = Hooks(legacy)
    missing: dict[str, list[str]] = {}
    for operation, endpoint in endpoints.items():
        for name in hooks.of_endpoint(endpoint):
            if name not in declared:
                missing.setdefault(name, []).append(operation)
    return missing


def unknown_hooks(legacy: Flask, declared: HookDeclarations) -> list[str]:
    """Return the names of which something is *declared*, and which no hook of *legacy* has."""
    known = Hooks(legacy).names()
    return [name for name in (*declared.ported, *declared.not_needed) if name not in known]


class Hooks:
    """The hooks of a Flask application, by names that tell them apart."""

    def __init__(self, legacy: Flask) -> None:
        """
        Args:
            legacy: The application; hooks that it gets later are not seen.
        """
        self._around = list(_around(legacy))
        registries: tuple[Mapping[Any, list[Callable[..., Any]]], ...] = (
            legacy.url_value_preprocessors,
            legacy.before_request_funcs,
            legacy.after_request_funcs,
            legacy.teardown_request_funcs,
        )
        of_one_name: dict[str, list[tuple[Any, str | None]]] = {}
        for registry in registries:
            for scope, hooks in registry.items():
                for hook in hooks:
                    known = of_one_name.setdefault(_name(hook), [])
                    # Equal, not the same: a bound method is another object each time it is taken.
                    if all(hook != other for other, _ in known):
                        known.append((hook, scope))
        self._registries = [
            {
                scope: [_told_apart(hook, of_one_name[_name(hook)]) for hook in hooks]
                for scope, hooks in registry.items()
            }
            for registry in registries
        ]

    def of_endpoint(self, endpoint: str) -> list[str]:
        """Return the names of the hooks that Flask runs around *endpoint*, in the order of Flask's documentation."""
        blueprint, _, _ = endpoint.rpartition(".")
        parts = blueprint.split(".") if blueprint else []
        # The application's own hooks, then those of the blueprint and of the blueprints it is nested in.
        scopes = [None, *(".".join(parts[:depth]) for depth in range(1, len(parts) + 1))]
        names = [name for registry in self._registries for scope in scopes for name in registry.get(scope, ())]
        return list(dict.fromkeys([*self._around, *names]))

    def names(self) -> set[str]:
        """Return the names of all of them, wherever they run."""
        return {
            *self._around,
            *(name for registry in self._registries for names in registry.values() for name in names),
        }


def _told_apart(hook: Any, of_one_name: list[tuple[Any, str | None]]) -> str:
    """Return a name for *hook* that no other of *of_one_name* has, each of which comes with its blueprint or None."""
    if len(of_one_name) == 1:
        return _name(hook)
    scope = next(scope for other, scope in of_one_name if other == hook)
    beside = [other for other, its_scope in of_one_name if its_scope == scope]
    number = f", number {beside.index(hook) + 1}" if len(beside) > 1 else ""
    return f"{_name(hook)} of {'the application' if scope is None else f'the blueprint {scope}'}{number}"


def _around(legacy: Flask) -> Iterator[str]:
    """What else acts on every request: WSGI middleware, and a check of the Host header."""
    wrapped = vars(legacy).get("wsgi_app")
    if wrapped is not None:
        yield f"wsgi_app: {_name(wrapped if hasattr(wrapped, '__qualname__') else type(wrapped))}"
    if legacy.config.get("TRUSTED_HOSTS"):
        yield "config: TRUSTED_HOSTS"


def _name(hook: Any) -> str:
    return f"{hook.__module__}.{getattr(hook, '__qualname__', type(hook).__qualname__)}"
