"""Tell which rows that two paths wrote belong together."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from bridge.shadow.comparing.moments import read_moment
from bridge.shadow.comparing.run import IS_HASH, IS_UUID, KEY_NAME
from bridge.shadow.writes import RowWrite, WriteKind, WriteSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Pairs", "pair_rows"]

# Columns of their own, that end like the key of another row.
OWN_UUIDS: Final = re.compile(r"(?!.*_id$).*|public_id|external_id")
# Of table names, in English.
PLURALS: Final = (("ies", "y"), ("es", ""), ("s", ""))
# Comparing each insert with each other one is quadratic.
ALIKE: Final = 200
# Rows that share fewer of their values are two rows.
HALF: Final = 0.5


@dataclass(slots=True)
class Pairs:
    """
    Rows that belong together.

    Attributes:
        both: Rows that both paths wrote.
        control: Rows that only the control wrote.
        candidate: Rows that only the candidate wrote.
        repeated: Those of `candidate` that are inserted once more.
    """

    both: list[tuple[RowWrite, RowWrite]] = field(default_factory=list)
    control: list[RowWrite] = field(default_factory=list)
    candidate: list[RowWrite] = field(default_factory=list)
    repeated: list[RowWrite] = field(default_factory=list)

    def keys(self) -> Iterator[tuple[str, str]]:
        """Yield what names the same inserted row: the control's value and the candidate's, as text."""
        for ours, theirs in self.both:
            if ours.kind is theirs.kind is WriteKind.INSERT:
                yield from _made_up_keys(ours, theirs)

    def key_names(self) -> frozenset[str]:
        """Return the columns that are the whole key of an inserted row, and what others call a reference to it: ``user`` for ``users``."""
        rows = [row for row, _ in self.both if row.kind is WriteKind.INSERT and len(row.key) == 1]
        return frozenset(name for row in rows for name in (*row.key, *_references(row.table)))


def pair_rows(control: WriteSet, candidate: WriteSet) -> Pairs:
    """Return which rows belong together: by key, and inserted ones by what is in them, then by their order."""
    pairs = Pairs()
    theirs = {row.address: row for row in candidate.rows if row.kind is not WriteKind.INSERT}
    inserts: dict[str, tuple[list[RowWrite], list[RowWrite]]] = defaultdict(lambda: ([], []))
    for row in control.rows:
        if row.kind is WriteKind.INSERT:
            inserts[row.table][0].append(row)
        elif (other := theirs.pop(row.address, None)) is not None:
            pairs.both.append((row, other))
        else:
            pairs.control.append(row)
    for row in candidate.rows:
        if row.kind is WriteKind.INSERT:
            inserts[row.table][1].append(row)
    pairs.candidate += theirs.values()
    references = frozenset(name for table in inserts for name in _references(table))
    for mine, other_rows in inserts.values():
        _pair_inserts(mine, other_rows, pairs, references)
    _pair_by_key(pairs)
    return pairs


def _pair_inserts(control: list[RowWrite], candidate: list[RowWrite], pairs: Pairs, references: frozenset[str]) -> None:
    prints: dict[str, list[RowWrite]] = defaultdict(list)
    for row in reversed(candidate):
        prints[_print(row, references)].append(row)
    known = {_print(row, references) for row in control}
    left = []
    for row in control:
        same = prints[_print(row, references)]
        if same:
            pairs.both.append((row, same.pop()))
        else:
            left.append(row)
    unpaired = [row for row in candidate if any(row is each for each in prints[_print(row, references)])]
    if len(control) == len(candidate):
        pairs.both += zip(left, unpaired, strict=True)
        return
    for row in left:
        best = max(unpaired[:ALIKE], key=lambda other: _alike(row, other, references), default=None)
        if best is not None and _alike(row, best, references) >= HALF:
            pairs.both.append((row, best))
            unpaired = [each for each in unpaired if each is not best]
        else:
            pairs.control.append(row)
    for row in unpaired:
        (pairs.repeated if _print(row, references) in known else pairs.candidate).append(row)


def _pair_by_key(pairs: Pairs) -> None:
    """Pair what is left and has the same key: the two paths did different things to the row."""
    theirs = {row.address: row for row in pairs.candidate}
    left = []
    for row in pairs.control:
        other = theirs.pop(row.address, None)
        if other is None:
            left.append(row)
        else:
            pairs.both.append((row, other))
    pairs.control, pairs.candidate = left, [row for row in pairs.candidate if row.address in theirs]


def _references(table: str) -> Iterator[str]:
    name = table.rpartition(".")[2].strip('"')
    yield name
    for many, one in PLURALS:
        if name.endswith(many):
            yield name.removesuffix(many) + one


def _print(row: RowWrite, references: frozenset[str]) -> str:
    """Return what an inserted row holds, apart from what a run makes up."""
    return json.dumps(dict(_given(row, references)), sort_keys=True, default=str)


def _given(row: RowWrite, references: frozenset[str]) -> Iterable[tuple[str, Any]]:
    """Yield the columns that both paths should give the same, which the key of a row that they inserted is not."""
    for name, value in (row.after or {}).items():
        is_reference = name in references and isinstance(value, int)
        if name not in row.key and not KEY_NAME.fullmatch(name) and not is_reference and not _is_made_up(value):
            yield name, value


def _is_made_up(value: Any) -> bool:
    return isinstance(value, str) and bool(IS_UUID.fullmatch(value) or IS_HASH.fullmatch(value) or read_moment(value))


def _alike(control: RowWrite, candidate: RowWrite, references: frozenset[str]) -> float:
    """Return the share of columns that are the same."""
    ours, theirs = dict(_given(control, references)), dict(_given(candidate, references))
    names = ours.keys() | theirs.keys()
    return (
        sum(name in ours and name in theirs and ours[name] == theirs[name] for name in names) / len(names)
        if names
        else 1.0
    )


def _made_up_keys(control: RowWrite, candidate: RowWrite) -> Iterator[tuple[str, str]]:
    """Yield keys that the database or the path drew, never one that the client gave."""
    ours, theirs = control.after or {}, candidate.after or {}
    for name, value in {**ours, **control.key}.items():
        other = {**theirs, **candidate.key}.get(name)
        if value == other or isinstance(value, bool) or isinstance(other, bool):
            continue
        is_key = len(control.key) == 1 and name in control.key
        numbers = isinstance(value, int) and isinstance(other, int)
        if (is_key and numbers) or ((is_key or OWN_UUIDS.fullmatch(name)) and _is_uuid(value) and _is_uuid(other)):
            yield str(value), str(other)


def _is_uuid(value: Any) -> bool:
    return isinstance(value, str) and bool(IS_UUID.fullmatch(value))
