"""From every write of a path to what became of each row."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from bridge.shadow.writes import RowWrite, WriteKind, WriteSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["CapturedWrite", "merge", "read_row"]

Row = dict[str, Any]


class CapturedWrite(NamedTuple):
    """One write as the database hands it over: the columns of ``bridge.take_row_writes``, rows as JSON."""

    table: str
    operation: str
    key: list[str] | None
    before: str | None
    after: str | None


class Becoming:
    """What becomes of one row."""

    __slots__ = ("after", "before", "key", "table")

    def __init__(self, table: str, key: list[str], before: Row | None) -> None:
        self.table = table
        self.key = key
        self.before = before
        self.after = before

    def write(self) -> RowWrite | None:
        """Return it as one write; None where nothing became of it."""
        row = self.before or self.after
        if row is None or self.before == self.after:
            return None
        kind = WriteKind.INSERT if self.before is None else WriteKind.DELETE if self.after is None else WriteKind.UPDATE
        return RowWrite(kind, self.table, {column: row.get(column) for column in self.key}, self.before, self.after)


def merge(captured: Iterable[CapturedWrite]) -> WriteSet:
    """
    Return what became of each row, in the order of its first write.

    Several writes of one row are one: an insert and an update are an insert, an insert and a delete are nothing, a delete and an insert
    under the same key are an update, and an update that leaves everything as it was is nothing. Rows without a key are not followed: each write
    of one counts by itself.

    Args:
        captured: Every write, in order.
    """
    rows: list[Becoming] = []
    current: dict[tuple[str, str], Becoming] = {}
    limits: dict[str, None] = {}
    for write in captured:
        limit = LIMITS.get(write.operation) or ("has no primary key" if not write.key else None)
        if limit is not None:
            limits[f"{write.table} {limit}"] = None
            if write.operation in LIMITS:
                continue
        before, after = read_row(write.before), read_row(write.after)
        key = write.key or []
        found = current.pop((write.table, _identity(key, before if before is not None else after)), None)
        if found is None or not key:
            found = Becoming(write.table, key, before)
            rows.append(found)
        found.after = after
        current[write.table, _identity(key, after if after is not None else before)] = found
    became = tuple(each for each in map(Becoming.write, rows) if each is not None)
    return WriteSet(became, tuple(limits))


LIMITS: Final = {
    "TRUNCATE": "was truncated, and the rows that it held are not known",
    "UNSEEN": "was written, and has no trigger that captures its rows",
}


def _identity(key: list[str], row: Mapping[str, Any] | None) -> str:
    return repr([row.get(column) for column in key]) if row is not None else ""


def read_row(text: str | None) -> Row | None:
    """Return the columns of a row that the database hands over as JSON."""
    # Decimal keeps every digit, as the database does.
    row: Row | None = json.loads(text, parse_float=Decimal) if text is not None else None
    return row
