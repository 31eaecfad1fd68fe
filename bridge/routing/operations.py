"""What is known of each operation."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from bridge.routing.output import Output
from bridge.shadow import CheckOptions
from bridge.stages import Path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bridge.routing.signature import UnitFunction
    from bridge.stages import Decision, Stage, Stages, StageSetting
    from bridge.types import Scope

__all__ = ["AUTO", "PATH_VARIABLE", "Auto", "Operation", "OperationTable", "operation_name", "rule_shape"]

PATH_VARIABLE: Final = re.compile(r"{(?P<name>\w+)(?::(?P<converter>\w+))?}")
VARIABLE: Final = re.compile(r"{[^}]*}|<[^>]*>")


def operation_name(method: str, path: str) -> str:
    """Return the name of an operation, such as ``GET /users/{user_id}``: converters are not part of it."""
    return f"{method.upper()} " + PATH_VARIABLE.sub(r"{\1}", path)


def rule_shape(path: str) -> str:
    """Return *path* with its variables made anonymous, so that a Flask rule and a FastAPI path of one shape compare equal."""
    return VARIABLE.sub("{}", path)


class Auto(Enum):
    """Stands for: pair by method and rule."""

    AUTO = "auto"


AUTO: Final = Auto.AUTO


@dataclass(frozen=True, slots=True)
class Operation:
    """
    A method and URL rule, and the functions that can answer it.

    Attributes:
        name: For example ``GET /users/{user_id}``.
        legacy: The synchronous function of the bridged path, if there is one.
        native: The asynchronous function of the native path, if there is one.
        replaces: The Flask endpoint it replaces; `AUTO` pairs by method and rule, None says that it is new.
        retired: Flask is no longer asked about it; there is no way back but a deploy.
        check: How it is checked.
        version: Names the version of its port; None goes by the code.
        output: How what its functions return becomes a response.
    """

    name: str
    legacy: UnitFunction | None
    native: UnitFunction | None
    replaces: str | Auto | None = AUTO
    retired: bool = False
    check: CheckOptions = field(default_factory=CheckOptions)
    version: str | None = None
    output: Output = field(default_factory=Output)

    @property
    def legacy_path(self) -> Path:
        """The bridged path where there is one, else the Flask view."""
        return Path.FLASK if self.legacy is None else Path.BRIDGED

    def path_for(self, decision: Decision) -> Path:
        """Return the path that serves a request of which *decision* was made."""
        return Path.NATIVE if decision.native else self.legacy_path

    @property
    def declared(self) -> UnitFunction:
        """The function that was decorated: the port, or the legacy function where there is none yet."""
        function = self.native or self.legacy
        if function is None:
            msg = f"{self.name} has neither a legacy nor a native function"
            raise TypeError(msg)
        return function

    @property
    def paths(self) -> tuple[Path, ...]:
        """The FastAPI paths this operation has."""
        bridged = (Path.BRIDGED,) if self.legacy else ()
        return (*bridged, Path.NATIVE) if self.native else bridged


class OperationTable:
    """Every operation that a router of one `Bridge` declares."""

    def __init__(self, stages: Stages) -> None:
        self._stages = stages
        self._operations: dict[str, Operation] = {}
        self._by_endpoint: dict[Callable[..., Any], Operation] = {}

    def __iter__(self) -> Iterator[Operation]:
        return iter(self._operations.values())

    @property
    def routes(self) -> int:
        """How many routes have been declared."""
        return len(self._by_endpoint)

    def get(self, name: str) -> Operation | None:
        """Return the operation called *name*; None when no route declares it."""
        return self._operations.get(name)

    def add(
        self, operation: Operation, endpoint: Callable[..., Any], *, stage: str | Stage | StageSetting | None = None
    ) -> None:
        """Declare *operation*, which FastAPI serves by *endpoint*, and make it known to the stages; *stage* is its router's."""
        self._operations[operation.name] = operation
        self._by_endpoint[endpoint] = operation
        self._stages.declare(operation.name, ported=operation.native is not None, default=stage)

    def served_by(self, endpoint: Callable[..., Any] | None) -> Operation | None:
        """Return the operation that FastAPI serves by *endpoint*; None for a route of some other router."""
        return self._by_endpoint.get(endpoint) if endpoint else None

    def decide(self, operation: Operation, scope: Scope) -> Decision:
        """Return what the stage of *operation* means for the request of an ASGI *scope*."""
        return self._stages.decide(operation.name, scope)
