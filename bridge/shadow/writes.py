"""The rows that one path wrote."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["RowWrite", "WriteKind", "WriteSet"]


class WriteKind(Enum):
    """What was done to a row."""

    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class RowWrite:
    """
    What became of one row in one unit of work, from its first write to its last.

    Attributes:
        kind: What was done to it.
        table: Its table, with the schema unless that is the default one.
        key: Its primary key, by column.
        before: The row before; None for an insert.
        after: The row afterwards; None for a delete.
    """

    kind: WriteKind
    table: str
    key: Mapping[str, Any]
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None

    @property
    def address(self) -> str:
        """Return what tells it from every other row of the database, as text."""
        return json.dumps([self.table, dict(self.key)], sort_keys=True, default=str)


@dataclass(frozen=True, slots=True)
class WriteSet:
    """
    Every row that one path wrote, in the order of its first write. Values are as JSON holds them.

    Attributes:
        rows: The writes.
        limits: What was written besides and cannot be shown, such as ``log has no primary key``.
    """

    rows: tuple[RowWrite, ...] = ()
    limits: tuple[str, ...] = ()
