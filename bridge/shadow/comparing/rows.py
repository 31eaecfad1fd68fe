"""Compare the rows that two paths wrote."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from bridge.shadow.comparing.document import Number, Numbers, read_json
from bridge.shadow.comparing.found import NOTHING
from bridge.shadow.comparing.place import below, row_place
from bridge.shadow.comparing.walk import Walk
from bridge.shadow.writes import WriteKind

if TYPE_CHECKING:
    from bridge.shadow.comparing.found import Found
    from bridge.shadow.comparing.row_pairs import Pairs
    from bridge.shadow.comparing.run import Runs
    from bridge.shadow.writes import RowWrite

__all__ = ["compare_rows"]

# Of a row that is shown, in characters.
LONGEST_ROW: Final = 200
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
DIGITS: Final = "\0digits"
VERSION: Final = re.compile(r"(?:lock_|row_)?version(?:_id|_no|_number)?|revision|rev", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Row:
    """
    A written row, as `read_json` has it.

    Attributes:
        place: Its name.
        before: Its columns before.
        after: Its columns afterwards.
    """

    place: str
    before: dict[str, Any]
    after: dict[str, Any]

    def changed(self, name: str) -> bool:
        """Return whether the path changed a column."""
        return name in self.after and self.after[name] != self.before.get(name, NOTHING)


def compare_rows(pairs: Pairs, method: str, found: Found, runs: Runs) -> None:
    """Find the differences between what two paths wrote."""
    numbers = Numbers()
    for row in pairs.control:
        found.add("sql.missing_write", row_place(row.table, row.key), _shown(row), None)
    extra = "sql.write_in_safe_method" if method in SAFE else "sql.extra_write"
    for rule, rows in ((extra, pairs.candidate), ("sql.duplicate_write", pairs.repeated)):
        for row in rows:
            found.add(rule, row_place(row.table, row.key), None, _shown(row))
    walk = Walk(found, runs, found.options.depth, _name)
    for ours, theirs in pairs.both:
        if ours.kind is not theirs.kind:
            found.add("sql.other_kind", row_place(ours.table, ours.key), _shown(ours), _shown(theirs))
        elif ours.kind is not WriteKind.DELETE:
            _compare_columns(_row(ours, numbers), _row(theirs, numbers), walk)


def _compare_columns(control: Row, candidate: Row, walk: Walk) -> None:
    for name in (*control.after, *(key for key in candidate.after if key not in control.after)):
        ours, theirs = control.after.get(name, NOTHING), candidate.after.get(name, NOTHING)
        if ours == theirs:
            continue
        changed = control.changed(name), candidate.changed(name)
        place = below(control.place, name)
        if control.before and changed == (True, False):
            rule = "sql.lost_update" if VERSION.fullmatch(name) and isinstance(ours, Number) else "sql.missing_change"
            walk.found.add_values(rule, place, ours, theirs)
        elif control.before and changed == (False, True):
            walk.found.add_values("sql.extra_change", place, ours, theirs)
        elif NOTHING in (ours, theirs):
            walk.found.add_values(
                "sql.missing_change" if theirs is NOTHING else "sql.extra_change", place, ours, theirs
            )
        else:
            walk.compare(ours, theirs, place, name)


def _name(rule: str) -> str:
    kind = rule.removeprefix("json.")
    return "sql.wrong_value" if kind == "value" else f"sql.wrong_value.{kind}"


def _row(row: RowWrite, numbers: Numbers) -> Row:
    before, after = ({} if each is None else _read(each, numbers) for each in (row.before, row.after))
    return Row(row_place(row.table, row.key), before, after)


def _read(columns: Any, numbers: Numbers) -> dict[str, Any]:
    document: dict[str, Any] = read_json(json.dumps(dict(columns), default=_digits), numbers)
    numbered: dict[str, Any] = _with_numbers(document, numbers)
    return numbered


def _digits(value: Any) -> Any:
    return {DIGITS: str(value)} if isinstance(value, Decimal) else str(value)


def _with_numbers(value: Any, numbers: Numbers) -> Any:
    """Return *value* with what `_digits` made of decimals as numbers: JSON's own writer would round them."""
    if isinstance(value, dict):
        if value.keys() == {DIGITS}:
            return numbers[value[DIGITS]]
        return {key: _with_numbers(member, numbers) for key, member in value.items()}
    return [_with_numbers(member, numbers) for member in value] if isinstance(value, list) else value


def _shown(row: RowWrite) -> str:
    columns = row.before if row.after is None else row.after
    text = json.dumps(dict(columns or {}), default=str, ensure_ascii=False)
    return f"{row.kind.value} {text[:LONGEST_ROW]}{'...' if len(text) > LONGEST_ROW else ''}"
