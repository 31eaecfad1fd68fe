"""Compare two JSON documents, place by place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from bridge.shadow.comparing.arrays import align
from bridge.shadow.comparing.found import NOTHING
from bridge.shadow.comparing.place import below
from bridge.shadow.comparing.scalars import scalar_rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.shadow.comparing.found import Found
    from bridge.shadow.comparing.run import Runs

__all__ = ["Walk"]

# FastAPI and Pydantic describe each error of a validation in an array of that name.
IN_VALIDATION: Final = re.compile(r".*\.(?:detail|errors?)\[\d+\]")


@dataclass(frozen=True, slots=True)
class Walk:
    """
    Compares documents as `read_json` has them.

    Attributes:
        found: Where differences go.
        runs: What the two runs made up.
        depth: Levels that are looked at one by one.
        name_of: Returns the name of a rule in this kind of document.
    """

    found: Found
    runs: Runs
    depth: int
    name_of: Callable[[str], str] = str

    def compare(self, control: Any, candidate: Any, place: str, name: str = "", level: int = 0) -> None:
        """
        Find the differences between two values.

        Args:
            control: One value.
            candidate: The other.
            place: Where they are.
            name: The key that they have.
            level: How deep they are.
        """
        if control is candidate or control == candidate:
            return
        both = type(control), type(candidate)
        if level >= self.depth and both in ((dict, dict), (list, list)):
            self._add("json.too_deep", place, control, candidate)
        elif both == (dict, dict):
            self._objects(control, candidate, place, level + 1)
        elif both == (list, list):
            self._arrays(control, candidate, place, name, level + 1)
        else:
            rule = scalar_rule(control, candidate, name, self.runs)
            if rule:
                self._add(rule, place, control, candidate)

    def _objects(self, control: dict[str, Any], candidate: dict[str, Any], place: str, level: int) -> None:
        if any(
            len(outer) == 1 and inner in outer.values() for inner, outer in ((control, candidate), (candidate, control))
        ):
            self._add("json.envelope", place, control, candidate)
            return
        missing = {key for key in control if key not in candidate}
        extra = {_squashed(key): key for key in candidate if key not in control}
        for key, value in control.items():
            where = below(place, key)
            if key not in missing:
                self.compare(value, candidate[key], where, key, level)
                continue
            other = extra.pop(_squashed(key), None)
            if other is not None:
                self._add("json.key_name", where, key, other)
                self.compare(value, candidate[other], where, key, level)
            else:
                self._add("json.missing_for_null" if value is None else "json.missing_key", where, value, NOTHING)
        for key in extra.values():
            self._add(_extra_rule(place, key, candidate[key]), below(place, key), NOTHING, candidate[key])

    def _arrays(self, control: list[Any], candidate: list[Any], place: str, name: str, level: int) -> None:
        aligned = align(control, candidate, self.runs.keys_of_control)
        if aligned.moved:
            self._add("json.array_order", place, control, candidate)
        if aligned.guessed and not self._add("json.array_length", place, control, candidate):
            return  # nobody can tell which items belong together
        for i in aligned.missing:
            self._add("json.missing_item", f"{place}[{i}]", control[i], NOTHING)
        for rule, items in (("json.extra_item", aligned.extra), ("json.duplicate_item", aligned.repeated)):
            for i in items:
                self._add(rule, f"{place}[{i}]", NOTHING, candidate[i])
        for i, j in aligned.pairs:
            self.compare(control[i], candidate[j], f"{place}[{i}]", name, level)

    def _add(self, rule: str, place: str, control: Any, candidate: Any) -> bool:
        return self.found.add_values(self.name_of(rule), place, control, candidate)


def _squashed(key: str) -> str:
    return key.replace("_", "").replace("-", "").casefold()


def _extra_rule(place: str, key: str, value: Any) -> str:
    if value is None:
        return "json.null_for_missing"
    return "json.echoed_input" if key == "input" and IN_VALIDATION.fullmatch(place) else "json.extra_key"
