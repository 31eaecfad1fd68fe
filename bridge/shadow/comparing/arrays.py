"""Tell which items of two arrays belong together."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from bridge.shadow.comparing.document import Number

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

__all__ = ["Alignment", "align"]

# Keys that tell the items of a list apart, the surest first.
IDENTITIES: Final = ("id", "uuid", "pk", "key", "slug", "code", "email", "username", "name")
# Those that a database gives, and no path writes in a form of its own but for the dashes of a UUID.
KEYS: Final = frozenset({"id", "uuid", "pk"})
SEVERAL: Final = 2
CONTAINERS: Final = frozenset({dict, list})


@dataclass(frozen=True, slots=True)
class Alignment:
    """
    What became of the items of the control, by index.

    Attributes:
        pairs: Items that belong together.
        missing: Items of the control that the candidate lacks.
        extra: Items of the candidate that the control lacks.
        repeated: Items of the candidate that it has once more than the control.
        moved: Whether those that belong together are in another order.
        guessed: Whether items of another number are paired as they come.
    """

    pairs: Sequence[tuple[int, int]] = ()
    missing: Sequence[int] = ()
    extra: Sequence[int] = ()
    repeated: Sequence[int] = ()
    moved: bool = False
    guessed: bool = False


def align(control: list[Any], candidate: list[Any], same_rows: Callable[[str], list[str]]) -> Alignment:
    """
    Return what belongs together in two arrays that differ.

    Args:
        control: One array.
        candidate: The other.
        same_rows: Returns the control's keys of inserted rows, given the candidate's.
    """
    start, ends = _middle(control, candidate)
    ours, theirs = range(start, ends[0]), range(start, ends[1])
    by_identity = _by_identity(control, candidate, ours, theirs, same_rows)
    if by_identity is not None:
        return by_identity
    prints = _prints(control[start : ends[0]]), _prints(candidate[start : ends[1]])
    counts = Counter(prints[0]), Counter(prints[1])
    if counts[0] == counts[1]:
        return Alignment(moved=True)
    if len(ours) != len(theirs):
        missing = _left([*zip(ours, prints[0], strict=True)], counts[1])
        extra = _left([*zip(theirs, prints[1], strict=True)], counts[0])
        if not extra:
            return Alignment(missing=missing)
        if not missing:
            known = {*_prints(control)}
            repeated = [i for i in extra if prints[1][i - start] in known]
            return Alignment(extra=[i for i in extra if i not in {*repeated}], repeated=repeated)
    return Alignment(pairs=[*zip(ours, theirs, strict=False)], guessed=len(ours) != len(theirs))


def _middle(control: list[Any], candidate: list[Any]) -> tuple[int, tuple[int, int]]:
    """Return where two lists begin to differ, and where each ends to."""
    shorter = min(len(control), len(candidate))
    start = next((i for i in range(shorter) if control[i] != candidate[i]), shorter)
    same = next((i for i in range(shorter - start) if control[-1 - i] != candidate[-1 - i]), shorter - start)
    return start, (len(control) - same, len(candidate) - same)


def _by_identity(
    control: list[Any], candidate: list[Any], ours: range, theirs: range, same_rows: Callable[[str], list[str]]
) -> Alignment | None:
    if not (_all_objects(control, ours) and _all_objects(candidate, theirs)):
        return None
    other_rows = None
    for name in IDENTITIES:
        if name not in control[ours[0]] or name not in candidate[theirs[0]]:
            continue
        names = [_identity(control[i], name) for i in ours]
        given = [_identity(candidate[i], name) for i in theirs]
        if None in names or None in given or len({*names}) < len(names):
            continue
        index = {each: i for i, each in zip(ours, names, strict=True) if each is not None}
        others = [_known(each, index, same_rows) for each in given if each is not None]
        if index.keys() & {*others}:
            return _paired(index, others, theirs)
        if other_rows is None and _are_other_rows(name, names, given):
            other_rows = _paired(index, others, theirs)
    return other_rows


def _paired(index: dict[str, int], others: list[str], theirs: range) -> Alignment:
    first: dict[str, int] = {}
    repeated = []
    for i, each in zip(theirs, others, strict=True):
        if first.setdefault(each, i) != i:
            repeated.append(i)
    pairs = [(index[each], i) for each, i in first.items() if each in index]
    order = [pair[0] for pair in pairs]
    return Alignment(
        pairs=pairs,
        missing=[i for each, i in index.items() if each not in first],
        extra=[i for each, i in first.items() if each not in index],
        repeated=repeated,
        moved=order != sorted(order),
    )


def _are_other_rows(name: str, control: list[str | None], candidate: list[str | None]) -> bool:
    """Return whether keys tell that two lists hold other rows, such as two pages: one item may have been given another key."""
    if name not in KEYS or min(len(control), len(candidate)) < SEVERAL:
        return False
    ours, theirs = ({each.replace("-", "").casefold() for each in keys if each} for keys in (control, candidate))
    return len(theirs) == len(candidate) and not ours & theirs


def _all_objects(items: list[Any], middle: range) -> bool:
    return bool(middle) and all(type(items[i]) is dict for i in middle)


def _identity(item: dict[str, Any], name: str) -> str | None:
    value = item.get(name)
    if isinstance(value, Number):
        return value.text
    return value if isinstance(value, str) else None


def _known(key: str, index: dict[str, int], same_rows: Callable[[str], list[str]]) -> str:
    return key if key in index else next((each for each in same_rows(key) if each in index), key)


def _prints(items: list[Any]) -> list[Hashable]:
    """Return what is the same for the same items. Numbers and strings are that themselves, which is fast."""
    if not any(type(item) in CONTAINERS for item in items):
        return items
    return [(json.dumps(item, sort_keys=True),) if type(item) in CONTAINERS else item for item in items]


def _left(items: list[tuple[int, Hashable]], others: Counter[Hashable]) -> list[int]:
    """Return the indices of the items that have no counterpart."""
    others = others.copy()
    left = []
    for i, each in items:
        if others[each] > 0:
            others[each] -= 1
        else:
            left.append(i)
    return left
