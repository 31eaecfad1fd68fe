"""What evidence asks about the operations of a bridge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.evidence import Operations, version_of_pair
from bridge.routing.output_version import version_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bridge.evidence import IgnoreRule, Tallies
    from bridge.routing.operations import Operation, OperationTable
    from bridge.routing.signature import UnitFunction
    from bridge.shadow import Check
    from bridge.stages import Path

__all__ = ["KnownOperations"]


class KnownOperations:
    """Knows versions, hooks and ignore rules of the declared operations, and counts under the right version."""

    def __init__(
        self,
        table: OperationTable,
        *,
        flask_view: Callable[[str], Callable[..., Any] | None],
        undeclared_hooks: Callable[[], Mapping[str, Sequence[str]]],
    ) -> None:
        """
        Args:
            table: The declared operations.
            flask_view: Returns the Flask view that an operation replaces; None where it replaces none.
            undeclared_hooks: Returns the operations that leave an undeclared hook behind, by name of the hook.
        """
        self._table = table
        self._flask_view = flask_view
        self._undeclared_hooks = undeclared_hooks
        # Not when an operation is declared: what its port calls may be defined further down in the same module.
        self._versions: dict[str, str] = {}

    def as_operations(self) -> Operations:
        """Return the questions that evidence asks."""
        return Operations(version=self.version, undeclared_hooks=self.undeclared_hooks, ignores=self.ignores)

    def version(self, name: str) -> str | None:
        """Return the version of an operation's port, and of what it is checked against; None where it has no port."""
        known = self._versions.get(name)
        if known is not None:
            return known
        operation = self._table.get(name)
        if operation is None or operation.native is None:
            return None
        return self._versions.setdefault(name, operation.version or self._version_of(operation, operation.native))

    def undeclared_hooks(self, name: str) -> Sequence[str]:
        """Return the Flask hooks that an operation leaves behind undeclared."""
        return [hook for hook, operations in self._undeclared_hooks().items() if name in operations]

    def ignores(self, name: str) -> Sequence[IgnoreRule]:
        """Return what excuses differences of an operation."""
        operation = self._table.get(name)
        return operation.check.compare.ignore if operation else ()

    def count_served(self, tallies: Tallies) -> Callable[[Operation, Path, int | None, str | None, float], object]:
        """Return what counts each request in *tallies*."""
        versions, served = self._versions, tallies.served

        def count(operation: Operation, path: Path, status: int | None, error: str | None, elapsed_s: float) -> None:
            name = operation.name
            served(name, path, versions.get(name) or self.version(name) or "", status, error, elapsed_s)

        return count

    def count_checked(self, tallies: Tallies) -> Callable[[Check], object]:
        """Return what counts each check in *tallies*."""
        return lambda check: tallies.checked(check, self.version(check.operation) or "")

    def _version_of(self, operation: Operation, native: UnitFunction) -> str:
        legacy = operation.legacy.call if operation.legacy else self._flask_view(operation.name)
        # Flask's own function stands for a class-based view.
        return version_of_pair(native.call, getattr(legacy, "view_class", legacy), *version_parts(operation.output))
