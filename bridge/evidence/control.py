"""What evidence needs of the rest of the bridge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bridge.evidence.certificate import IgnoreRule
    from bridge.stages import StageChange, StageSetting

__all__ = ["Operations", "StageControl"]


class StageControl(Protocol):
    """Moves operations; `Stages` does."""

    @property
    def is_read_only(self) -> bool:
        """Whether operations are moved elsewhere, and never by `change`."""

    def get(self, operation: str) -> StageSetting:
        """Return the setting of *operation* now."""

    def version(self, operation: str) -> int:
        """Return the version of what the store holds for *operation*; 0 for nothing."""

    def snapshot(self) -> Mapping[str, StageSetting]:
        """Return the setting of every operation."""

    async def change(
        self, operation: str, setting: StageSetting, *, who: str, why: str, expected: int | None = None
    ) -> StageChange:
        """
        Move *operation* in every process.

        Raises:
            StageConflict: Somebody has changed it since version *expected*.
            StageStoreReadOnly: Operations are moved elsewhere.
        """

    async def history(self, operation: str | None = None, *, limit: int = 100) -> Sequence[StageChange]:
        """Return the newest *limit* changes, newest first."""


@dataclass(frozen=True, slots=True)
class Operations:
    """
    What is known of operations.

    Attributes:
        version: Returns the version of an operation's port in this process; None where it has none.
        undeclared_hooks: Returns the names of the Flask hooks that an operation leaves behind undeclared.
        ignores: Returns the rules that excuse differences of an operation.
    """

    version: Callable[[str], str | None]
    undeclared_hooks: Callable[[str], Sequence[str]] = lambda _operation: ()
    ignores: Callable[[str], Sequence[IgnoreRule]] = lambda _operation: ()
