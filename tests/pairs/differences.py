"""
What the two drivers of a pair do differently, as data: one file per pair, in ``differences/``.

A difference that is not listed fails the tests, and so does a listed case that has become equal.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from tests.conftest import ROOT
from tests.pairs.engines import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.pairs.engines import Pair
    from tests.pairs.outcome import Outcome

__all__ = ["Difference", "complaints", "differing", "listed", "prune"]

DIRECTORY: Final = ROOT / "tests" / "pairs" / "differences"


@dataclass(frozen=True, slots=True)
class Difference:
    """
    Cases that differ for one reason.

    Attributes:
        title: Heading of its section.
        reason: Why they differ, one sentence a line.
        remedy: What to do where it matters, one sentence a line.
        bare: Ids of the cases that differ between the engines of SQLAlchemy.
        bridge: Ids of those that still differ between the engines of `bridge.Database`.
    """

    title: str
    reason: str
    remedy: str
    bare: tuple[str, ...]
    bridge: tuple[str, ...]

    def cases(self, column: str) -> tuple[str, ...]:
        """Return the ids of *column*."""
        return self.bridge if column == "bridge" else self.bare


def listed(pair: Pair) -> tuple[Difference, ...]:
    """Return the listed differences of *pair*."""
    path = _path(pair)
    if not path.exists():
        return ()
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("difference", [])
    return tuple(
        Difference(
            title=entry["title"],
            reason=entry["reason"].strip(),
            remedy=entry["remedy"].strip(),
            bare=tuple(entry["bare"]),
            bridge=tuple(entry["bridge"]),
        )
        for entry in entries
    )


def differing(outcomes: dict[str, tuple[Outcome, Outcome]]) -> set[str]:
    """Return the ids of the cases whose two outcomes differ."""
    return {case for case, (sync, asynchronous) in outcomes.items() if sync != asynchronous}


def complaints(
    outcomes: dict[str, dict[str, tuple[Outcome, Outcome]]], differences: tuple[Difference, ...]
) -> Iterator[str]:
    """Yield what *differences* says otherwise than *outcomes*, and where the bridge changes the synchronous side."""
    for column in COLUMNS:
        found = differing(outcomes[column])
        expected = [case for difference in differences for case in difference.cases(column)]
        yield from (f"{column}: listed twice: {case}" for case in sorted(set(expected)) if expected.count(case) > 1)
        for case in sorted(found.difference(expected)):
            sync, asynchronous = outcomes[column][case]
            yield f"{column}: differs, and is not listed: {case}: {sync} against {asynchronous}"
        for case in sorted(set(expected) - found):
            known = case in outcomes[column]
            yield f"{column}: listed, but {'equal now' if known else 'there is no such case'}: {case}"
    for case, (before, _) in outcomes["bare"].items():
        after = outcomes["bridge"][case][0]
        if before != after:
            yield f"the bridge changes the synchronous driver: {case}: {before} became {after}"


def prune(pair: Pair, outcomes: dict[str, dict[str, tuple[Outcome, Outcome]]]) -> None:
    """Take the cases that have become equal off the list of *pair*."""
    found = {column: differing(outcomes[column]) for column in COLUMNS}
    kept = [
        replace(
            difference,
            bare=tuple(case for case in difference.bare if case in found["bare"]),
            bridge=tuple(case for case in difference.bridge if case in found["bridge"]),
        )
        for difference in listed(pair)
    ]
    text = "\n".join(_written(difference) for difference in kept if difference.bare or difference.bridge)
    _path(pair).write_text(text, encoding="utf-8")


def _path(pair: Pair) -> Path:
    return DIRECTORY / f"{re.sub('[^a-z0-9]+', '_', pair.name.lower())}.toml"


def _written(difference: Difference) -> str:
    lines = ["[[difference]]", f"title = {json.dumps(difference.title, ensure_ascii=False)}"]
    lines += [f'{name} = """\n{getattr(difference, name)}\n"""' for name in ("reason", "remedy")]
    for column in COLUMNS:
        lines.append(f"{column} = [")
        lines += [f"    {json.dumps(case, ensure_ascii=False)}," for case in difference.cases(column)]
        lines.append("]")
    return "\n".join(lines) + "\n"
