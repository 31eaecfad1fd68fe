"""What a process knows of the store it follows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

__all__ = ["StoreStatus"]


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """
    What this process knows of the store it follows. Every time has a time zone.

    Attributes:
        store: The store, without passwords.
        following: Whether this process follows it now; not before the application starts, nor after it has shut down.
        answered_at: When it last said what the stages are; None for never.
        changed_at: When that last differed from the time before, as this process saw it; None for never.
        failing_since: Since when it cannot be read; None while it can.
        error: Why not; None while it can.
        ignored: What it holds that is not followed, and why, by name of the operation.
    """

    store: str
    following: bool
    answered_at: datetime | None = None
    changed_at: datetime | None = None
    failing_since: datetime | None = None
    error: str | None = None
    ignored: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        if self.failing_since is not None:
            seen = f"last read {self.answered_at:%Y-%m-%d %H:%M:%S %Z}" if self.answered_at else "never read"
            return f"{self.store}: failing since {self.failing_since:%Y-%m-%d %H:%M:%S %Z} ({self.error}); {seen}, so the last good stages stand"
        ignored = f"; {len(self.ignored)} entries are ignored" if self.ignored else ""
        return f"{self.store}: {'followed' if self.following else 'not followed'}{ignored}"
