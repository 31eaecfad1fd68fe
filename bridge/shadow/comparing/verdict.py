"""What a set of differences comes to."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bridge.shadow.check import Check, Verdict
from bridge.shadow.comparing.place import general

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bridge.shadow.difference import Difference
    from bridge.shadow.exchange import Exchange

__all__ = ["Group", "describe", "summarise", "verdict_of"]


@dataclass(frozen=True, slots=True)
class Group:
    """
    Differences of one rule in one kind of place, most likely of one cause.

    Attributes:
        where: The place, with a star for every index: ``$.items[*].created_at``.
        count: How many there are.
        example: The first of them, one that counts where there is any.
    """

    where: str
    count: int
    example: Difference


def verdict_of(differences: Iterable[Difference]) -> Verdict:
    """Return what came of a check with these differences."""
    differences = tuple(differences)
    if not differences:
        return Verdict.MATCHED
    excused = all(difference.excused is not None for difference in differences)
    return Verdict.EXCUSED if excused else Verdict.MISMATCHED


def summarise(differences: Iterable[Difference]) -> Sequence[Group]:
    """Return the differences grouped by rule and kind of place, in the order of their first."""
    groups: defaultdict[tuple[str, str, bool], list[Difference]] = defaultdict(list)
    for each in differences:
        groups[each.rule, general(each.where), each.excused is None].append(each)
    return [Group(where, len(members), members[0]) for (_, where, _), members in groups.items()]


def describe(check: Check) -> str:
    """Return a check as text for people: what was asked, and for each kind of difference both values and the remedy."""
    asked = check.control.request
    lines = [
        f"{check.operation}: {check.verdict.value}",
        f"  {asked.method} {asked.target}",
        f"  control {_run(check.control)}, candidate {_run(check.candidate)}",
    ]
    if check.reason:
        lines.append(f"  reason: {check.reason}")
    for group in summarise(check.differences):
        each = group.example
        more = f", {group.count} times" if group.count > 1 else ""
        lines += [
            f"  {each.severity.value} {each.rule} at {each.where}{more}",
            f"    control:   {_value(each.control)}",
            f"    candidate: {_value(each.candidate)}",
            f"    excused: {each.excused}" if each.excused else f"    remedy: {each.remedy}",
        ]
    return "\n".join(lines)


def _run(exchange: Exchange) -> str:
    return f"{exchange.path.value} ({exchange.elapsed_s * 1000:.1f} ms)"


def _value(text: str | None) -> str:
    return "nothing" if text is None else text.replace("\n", "\\n")
