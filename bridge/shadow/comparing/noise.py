"""Places where a path differs from itself."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from bridge.shadow.comparing.place import general
from bridge.shadow.rules import rule_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bridge.shadow.difference import Difference

__all__ = ["QUIET", "Noise"]


@dataclass(frozen=True, slots=True)
class Noise:
    """
    What two runs of the control disagree on.

    The candidate may disagree in the same places: in what varies there, such as the value or the order.
    It may not have another form: a random number does not excuse a string, nor the time of day an HTTP date.

    Attributes:
        rules: The rules by place, with a star for every index.
    """

    rules: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, differences: Iterable[Difference]) -> Noise:
        """Return the noise that *differences* between two runs of the control show."""
        rules: defaultdict[str, set[str]] = defaultdict(set)
        for each in differences:
            rules[general(each.where)].add(each.rule)
        return cls({place: frozenset(found) for place, found in rules.items()})

    def excuses(self, rule: str, where: str) -> bool:
        """Return whether a difference of the candidate is no larger than those of the control from itself."""
        if not self.rules:
            return False
        place = general(where)
        found = self.rules.get(place, frozenset())
        if rule in found:
            return True
        if not rule_of(rule).varies:
            return False
        return any(rule_of(each).varies for each in found)


QUIET: Final = Noise()
