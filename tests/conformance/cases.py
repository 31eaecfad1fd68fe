"""What every adapter between ASGI and WSGI should do, one case per fact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.conformance import cases_bad, cases_body, cases_flask, cases_lifetime, cases_request, cases_response

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import ModuleType

    from bridge.types import ASGIApp, WSGIApp

    Adapter = Callable[[WSGIApp], ASGIApp]

__all__ = ["CASES", "Case"]


@dataclass(frozen=True, slots=True)
class Case:
    """
    One fact about an adapter.

    Attributes:
        id: Stable name.
        group: What it is about.
        fact: What must be true, as a sentence.
        run: Raises unless it is true of the adapter.
    """

    id: str
    group: str
    fact: str
    run: Callable[[Adapter], Awaitable[None]]


def _cases(module: ModuleType) -> list[Case]:
    """Every coroutine function of *module* that is not private; its name is the id, its docstring the fact."""
    group = module.__name__.rpartition("cases_")[2]
    return [
        Case(name.replace("_", "-"), group, (function.__doc__ or "").strip(), function)
        for name, function in vars(module).items()
        if not name.startswith("_") and getattr(function, "__module__", None) == module.__name__
    ]


CASES = [
    case
    for module in (cases_request, cases_body, cases_response, cases_flask, cases_lifetime, cases_bad)
    for case in _cases(module)
]
