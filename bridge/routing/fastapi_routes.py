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

from bridge.routing.operations import PATH_VARIABLE, rule_shape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

    from bridge.routing.operations import Operation, OperationTable

__all__ = ["FastAPIRoute", "fastapi_routes"]

ANY_METHOD: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Of a text, which nothing else looks like, and of what converters take that do not take any text.
EXAMPLES: Final = ("~", "1", "1.5", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")


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

    @property
    def example(self) -> str:
        """A path that it matches, as far as an example is known of its converters."""
        return PATH_VARIABLE.sub(_example, self.path)

    def name(self, method: str) -> str:
        """Return what *method* of this route is called in reports."""
        return f"{method} {self.path}" if self.operation is None else self.operation.name


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


def _example(variable: re.Match[str]) -> str:
    regex = CONVERTOR_TYPES[variable["converter"] or "str"].regex
    return next((example for example in EXAMPLES if re.fullmatch(regex, example)), EXAMPLES[0])
