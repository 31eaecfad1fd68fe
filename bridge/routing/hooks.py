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

__all__ = ["HookDeclarations", "hooks_of_endpoint", "undeclared_hooks"]

NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class HookDeclarations:
    """
    What became of each Flask hook that bridged and native operations leave behind.

    A hook is named by where it is defined, such as ``legacy_sync.hooks._identify_request``; `Bridge.report` lists the names.

    Attributes:
        ported: Where the work of a hook is done now, by name.
        not_needed: Why nothing has to be done, by name.
    """

    ported: Mapping[str, str] = field(default_factory=lambda: NONE)
    not_needed: Mapping[str, str] = field(default_factory=lambda: NONE)

    def __contains__(self, name: object) -> bool:
        return name in self.ported or name in self.not_needed


def hooks_of_endpoint(legacy: Flask, endpoint: str) -> list[str]:
    """Return the names of the hooks that Flask runs around *endpoint*, in the order of Flask's documentation."""
    blueprint, _, _ = endpoint.rpartition(".")
    parts = blueprint.split(".") if blueprint else []
    # The application's own hooks, then those of the blueprint and of the blueprints it is nested in.
    scopes = [None, *(".".join(parts[:depth]) for depth in range(1, len(parts) + 1))]
    registries: tuple[Mapping[Any, list[Callable[..., Any]]], ...] = (
        legacy.url_value_preprocessors,
        legacy.before_request_funcs,
        legacy.after_request_funcs,
        legacy.teardown_request_funcs,
    )
    names = [_name(hook) for registry in registries for scope in scopes for hook in registry.get(scope, ())]
    return list(dict.fromkeys([*_around(legacy), *names]))


def undeclared_hooks(legacy: Flask, endpoints: Mapping[str, str], declared: HookDeclarations) -> dict[str, list[str]]:
    """
    Return the operations that leave an undeclared hook behind, by name of the hook.

    Args:
        legacy: The application whose hooks are meant.
        endpoints: The replaced endpoint by name of the operation.
        declared: What has become of the hooks.
    """
    missing: dict[str, list[str]] = {}
    for operation, endpoint in endpoints.items():
        for name in hooks_of_endpoint(legacy, endpoint):
            if name not in declared:
                missing.setdefault(name, []).append(operation)
    return missing


def _around(legacy: Flask) -> Iterator[str]:
    """What else acts on every request: WSGI middleware, and a check of the Host header."""
    wrapped = vars(legacy).get("wsgi_app")
    if wrapped is not None:
        yield f"wsgi_app: {_name(wrapped if hasattr(wrapped, '__qualname__') else type(wrapped))}"
    if legacy.config.get("TRUSTED_HOSTS"):
        yield "config: TRUSTED_HOSTS"


def _name(hook: Any) -> str:
    return f"{hook.__module__}.{getattr(hook, '__qualname__', type(hook).__qualname__)}"
