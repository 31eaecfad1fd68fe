"""Where stages are kept, so that every worker of every host follows the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from bridge.errors import StageConflict

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence
    from datetime import datetime

__all__ = ["DEFAULT", "StageChange", "StageEntry", "StageStore", "require_version"]

DEFAULT: Final = "default"
"""The text of a setting that says: as if there were none."""


@dataclass(frozen=True, slots=True)
class StageEntry:
    """
    The setting of one operation as a store holds it.

    Attributes:
        setting: Its text form, as written by whoever changed it; may be one that this version cannot read. ``default`` is the
            same as no entry, but keeps the count.
        version: Counts the changes of this operation, from 1; a change names the version it replaces. 0 where a store counts none.
    """

    setting: str
    version: int


@dataclass(frozen=True, slots=True)
class StageChange:
    """
    One change of one operation.

    Attributes:
        operation: Its name, such as ``GET /users/{user_id}``, or a pattern, such as ``GET /users/*``.
        before: The text form of the setting before; None where there was none.
        after: The text form of the setting afterwards; ``default`` where it was taken away.
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
    """
    Keeps the setting of each operation, and tells when one changes. Used from one event loop at a time.

    One that refuses every change says so with an attribute ``read_only`` that is true.
    """

    async def load(self) -> Mapping[str, StageEntry]:
        """
        Return the entry of every operation that has one, by its name.

        Raises:
            StageStoreUnavailable: The store cannot be reached or read.
        """

    async def change(self, operation: str, setting: str, *, who: str, why: str, expected: int | None) -> StageChange:
        """
        Set *operation* and add the change to the history.

        Args:
            operation: Its name, or a pattern.
            setting: The text form of the setting, or ``default``.
            who: Who asks for it.
            why: The reason.
            expected: The version that this change replaces, 0 for none; None replaces whatever there is.

        Raises:
            StageConflict: Somebody has changed it since; nothing is changed.
            StageStoreReadOnly: This store is changed elsewhere.
            StageStoreUnavailable: The store cannot be reached, or did not answer in time.
        """

    async def history(self, operation: str | None = None, *, limit: int = 100) -> Sequence[StageChange]:
        """
        Return the newest *limit* changes, newest first, of one operation or of all.

        Raises:
            StageStoreUnavailable: The store cannot be reached or read.
        """

    def follow(self) -> AsyncGenerator[Mapping[str, StageEntry], None]:
        """
        Yield every entry at once, and again whenever something may have changed; at times when nothing has, too, as a sign of life.

        Each is loaded after the one before it was taken.

        Raises:
            Exception: The store cannot be reached or read; whoever follows tries again later.
        """

    async def close(self) -> None:
        """Let go of connections and files; the next use opens them again."""


def require_version(operation: str, expected: int | None, current: int, last: StageChange | None) -> None:
    """
    Check that the *current* version is the *expected* one.

    Raises:
        StageConflict: It is another; the message says who made it.
    """
    if expected is None or expected == current:
        return
    by = f": {last.who} set it to '{last.after}' at {last.at:%Y-%m-%d %H:%M:%S %Z} ({last.why})" if last else ""
    msg = f"{operation!r} is at version {current}, not {expected}{by}. Look at it again, then change version {current}"
    raise StageConflict(msg)
