"""The documentation, read as its readers see it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["PAGES", "anchors", "blocks", "page", "prose", "rows"]

PAGES: Final = ("README.md", "CHANGELOG.md", *sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("docs/**/*.md")))
FENCE: Final = re.compile(r"^```(?P<language>\w*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
HEADING: Final = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


def page(name: str) -> str:
    """Return the text of a page, named by its path from the root."""
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(name: str, language: str) -> list[str]:
    """Return the code blocks of a page in one language."""
    return [found["code"] for found in FENCE.finditer(page(name)) if found["language"] == language]


def prose(name: str) -> str:
    """Return a page without its code blocks."""
    return FENCE.sub("", page(name))


def anchors(name: str) -> list[str]:
    """Return the anchors of a page, as Markdown renderers derive them from its headings."""
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in HEADING.findall(prose(name))]


def rows(name: str, heading: str) -> Iterator[list[str]]:
    """Yield the cells of each row of the tables below a heading of second or lower level, without their header."""
    section = re.split(rf"^#+ {re.escape(heading)}$", page(name), maxsplit=1, flags=re.MULTILINE)[1]
    section = re.split(r"^## ", section, maxsplit=1, flags=re.MULTILINE)[0]
    lines = section.splitlines()
    for number, line in enumerate(lines):
        is_header = number + 1 < len(lines) and lines[number + 1].startswith("|-")
        if line.startswith("|") and not line.startswith("|-") and not is_header:
            yield [cell.strip() for cell in line.strip("|").split("|")]
