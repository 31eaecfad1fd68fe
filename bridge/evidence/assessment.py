"""Whether an operation may be promoted, with the numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bridge.evidence.counts import Counts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bridge.stages import StageSetting

__all__ = ["Assessment", "Observed", "Requirement"]


@dataclass(frozen=True, slots=True)
class Requirement:
    """
    One thing that a promotion needs.

    Attributes:
        name: Such as ``mismatch_rate``.
        met: Whether it is there.
        number: What was found.
        limit: What it is held against.
        found: Both, for people to read.
        missing: What is to be done until it is met; empty where it is.
    """

    name: str
    met: bool
    number: float
    limit: float
    found: str
    missing: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON holds it; a number that is unbounded is null."""
        number = self.number if abs(self.number) != float("inf") else None
        return {
            "name": self.name,
            "met": self.met,
            "number": number,
            "limit": self.limit,
            "found": self.found,
            "missing": self.missing,
        }


@dataclass(frozen=True, slots=True)
class Observed:
    """
    What was counted for one version of a port.

    Attributes:
        native: On the native path: requests it served, and checks of it.
        legacy: On the legacy path, while this version of the port was deployed: requests it served, and checks of it at stage verify.
        version: Which one.
    """

    native: Counts = field(default_factory=Counts)
    legacy: Counts = field(default_factory=Counts)
    version: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the counts as JSON holds them."""
        return {"native": self.native.to_json(), "legacy": self.legacy.to_json()}


@dataclass(frozen=True, slots=True)
class Assessment:
    """
    Whether an operation may be promoted, with the numbers. Its text form is a list to read.

    Attributes:
        operation: Its name.
        before: Its setting now.
        to: The setting asked for.
        version: Version of its port.
        requirements: Everything that the step needs; nothing for a step back.
        observed: The counts they follow from.
    """

    operation: str
    before: StageSetting
    to: StageSetting
    version: str
    requirements: tuple[Requirement, ...]
    observed: Observed = field(default_factory=Observed)

    @property
    def granted(self) -> bool:
        """Whether everything is there."""
        return all(requirement.met for requirement in self.requirements)

    @property
    def bounds(self) -> Mapping[str, float]:
        """The number of each requirement, by its name."""
        return {requirement.name: requirement.number for requirement in self.requirements}

    @property
    def missing(self) -> tuple[str, ...]:
        """What is to be done, a sentence each; what several requirements miss is there once."""
        return tuple(dict.fromkeys(requirement.missing for requirement in self.requirements if not requirement.met))

    def __str__(self) -> str:
        verdict = "may be promoted" if self.granted else "may not be promoted yet"
        head = f"{self.operation} (version {self.version}) {verdict} from '{self.before}' to '{self.to}'"
        width = max((len(each.name) for each in self.requirements), default=0)
        lines = [
            f"  {'yes' if each.met else 'no ':3}  {each.name:{width}}  {each.found}"
            + (f": {each.missing}" if each.missing else "")
            for each in self.requirements
        ]
        return "\n".join([head, *lines])

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return {
            "operation": self.operation,
            "from": str(self.before),
            "to": str(self.to),
            "version": self.version,
            "granted": self.granted,
            "requirements": [requirement.to_json() for requirement in self.requirements],
            "counts": self.observed.to_json(),
        }
