"""Where stages are kept, so that every worker of every host follows the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from datetime import datetime

__all__ = ["StageChange", "StageEntry", "StageStore"]


@dataclass(frozen=True, slots=True)
class StageEntry:
    """
    The setting of one operation as a store holds it.

    Attributes:
        setting: Its text form, as written by whoever changed it; may be one that this version cannot read.
        version: Counts the changes of this operation, from 1; a change names the version it replaces.
    """

    setting: str
    version: int


@dataclass(frozen=True, slots=True)
class StageChange:
    """
    One change of one operation.

    Attributes:
        operation: Its name, such as ``GET /users/{user_id}``.
        before: The text form of the setting before; None for the default.
        after: The text form of the setting afterwards.
        version: The version that the change made.
        who: Who asked for it.
        why: The reason given.
        at: When, with a time zone.
    """

    operation: str
    before: str | None
    after: str
    version: int
    who: str
    why: str
    at: datetime


class StageStore(Protocol):
    """Keeps the setting of each operation, and tells when one changes."""

    async def load(self) -> Mapping[str, StageEntry]:
        """Return the entry of every operation that has one, by its name."""

    async def change(self, operation: str, setting: str, *, who: str, why: str, expected: int | None) -> StageChange:
        """
        Set *operation* and add the change to the history.

        Args:
            operation: Its name.
            setting: The text form of the setting.
            who: Who asks for it.
            why: The reason.
            expected: The version that this change replaces, 0 for none; None replaces whatever there is.

        Raises:
            StageConflict: Somebody has changed it since; nothing is changed.
            StoreReadOnly: This store is changed elsewhere.
        """

    async def history(self, operation: str | None = None, *, limit: int = 100) -> Sequence[StageChange]:
        """Return the newest *limit* changes, newest first, of one operation or of all."""

    def follow(self) -> AsyncIterator[Mapping[str, StageEntry]]:
        """
        Yield every entry at once, and again whenever something may have changed.

        Raises:
            Exception: The store cannot be reached; whoever follows tries again later.
        """

    async def close(self) -> None:
        """Let go of connections and files."""
