"""What a team has to know of its routes when the application starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["RoutingReport"]

# Operations in one warning.
SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class RoutingReport:
    """
    How the routes of the two applications fit together.

    Attributes:
        paired: The Flask endpoint that each operation replaces, by name of the operation.
        hidden: The Flask endpoint that each FastAPI route outside of the bridge's routers, ``/docs`` among them, answers instead of.
        unpaired: Operations that no Flask rule fits, though they do not say ``replaces=None``.
        ambiguous: Operations that fit several Flask rules; Flask keeps them.
        repeated: Operations declared by several FastAPI routes; the first counts.
        unreachable: The Flask endpoint whose rule goes before each route that replaces nothing, by name of the route.
        undeclared_hooks: Operations that leave a Flask hook behind of which nothing was declared, by name of the hook.
        unknown_hooks: Names of which something was declared, and which no Flask hook has.
    """

    paired: Mapping[str, str]
    hidden: Mapping[str, str]
    unpaired: Sequence[str]
    ambiguous: Sequence[str]
    repeated: Sequence[str]
    unreachable: Mapping[str, str]
    undeclared_hooks: Mapping[str, Sequence[str]]
    unknown_hooks: Sequence[str]

    def warnings(self) -> Iterator[str]:
        """Return a sentence for each thing that needs a decision."""
        for name in self.unpaired:
            yield f"{name} fits no Flask rule, so Flask's view is still reachable: name it with replaces=, or say replaces=None"
        for route, endpoint in self.hidden.items():
            yield f"{route} is answered by FastAPI although Flask has {endpoint!r} for it: rename it, or move it with a Bridge.router"
        for name in self.ambiguous:
            yield f"{name} fits several Flask rules, so Flask answers it: say which with replaces="
        for name in self.repeated:
            yield f"{name} is declared by several FastAPI routes: only the first is used"
        for route, endpoint in self.unreachable.items():
            yield f"{route} is answered by Flask, whose rule of {endpoint!r} goes first: say what it replaces with replaces=, or rename it"
        for hook, operations in self.undeclared_hooks.items():
            shown = ", ".join(operations[:SHOWN]) + (
                f" and {len(operations) - SHOWN} more" if len(operations) > SHOWN else ""
            )
            yield f"the Flask hook {hook} does not run for {shown}: port it, then declare it with HookDeclarations"
        for name in self.unknown_hooks:
            yield f"HookDeclarations names {name}, which is no hook of the Flask application: correct the name, or leave it out"
