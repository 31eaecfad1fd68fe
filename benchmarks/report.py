"""Write the page of the docs and its pictures from what was measured: ``python -m benchmarks.report``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.pictures import pictures
from benchmarks.results import DIRECTORY, load
from benchmarks.tables import SECTIONS, Section, cells
from benchmarks.targets import targets

__all__ = ["PAGE", "files"]

PAGE: Final = Path(__file__).parent.parent / "docs" / "reference" / "benchmarks.md"
HEAD: Final = """# Benchmarks

<!-- Written by `python -m benchmarks.report`; a test fails when it is out of date. -->

`make bench` measures these on your machine.
What is compared takes turns, round by round; where nothing else is said, each number is a median, and a ratio compares within a round.
They were measured on two noisy cores, so trust the ratios more than the rates, and neither to the second digit.
"""


def files() -> dict[Path, str]:
    """Return the page and its pictures for the results that are kept, by path; what was not measured yet is left out."""
    found = {PAGE: HEAD + _aims()}
    for section in SECTIONS:
        document = load(section.name)
        if document is not None:
            found[PAGE] += _section(section, document)
            found |= {DIRECTORY / name: picture for name, picture in pictures(section.name).items()}
    return found


def _aims() -> str:
    headings = ["what", "aim", "measured", "met"]
    return f"\n## What was aimed at\n\n{_table(headings, [target.cells() for target in targets()])}"


def _section(section: Section, document: dict[str, Any]) -> str:
    packages = ", ".join(f"{package} {version}" for package, version in document["packages"].items())
    outcomes = ", ".join(f"{count:,} {outcome}" for outcome, count in document.get("outcomes", {}).items())
    shown = "".join(f"\n![{text}](../../benchmarks/results/{name})\n" for name, text in section.pictures.items())
    return (
        f"\n## {section.title}\n\n{section.text}\n"
        f"Measured on {document['measured']} with Python {document['python']}, {packages}.\n"
        f"{f'How they ended: {outcomes}.' + chr(10) if outcomes else ''}"
        f"{shown}\n{_table(list(section.columns), cells(section, document['rows']))}"
    )


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
