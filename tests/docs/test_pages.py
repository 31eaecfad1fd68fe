"""Links lead somewhere, steps are complete, and each sentence has a line of its own."""

from __future__ import annotations

import re

import pytest

from tests.conftest import ROOT
from tests.docs.pages import PAGES, anchors, page, prose

LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
LABELS = ["Do.", "Check.", "Exit criterion.", "Roll back."]


@pytest.mark.parametrize("name", PAGES)
def test_every_relative_link_resolves(name: str) -> None:
    for target in LINK.findall(prose(name)):
        if target.startswith("https://"):
            continue
        file, _, anchor = target.partition("#")
        path = (ROOT / name).parent / file if file else ROOT / name
        assert path.resolve().is_relative_to(ROOT), target
        assert path.is_file(), target
        if anchor:
            assert anchor in anchors(str(path.resolve().relative_to(ROOT))), target


def test_every_page_can_be_reached_from_the_readme() -> None:
    linked = {target.partition("#")[0] for target in LINK.findall(prose("README.md"))}
    assert set(PAGES) - {"README.md"} <= linked


def test_every_step_of_the_migration_has_its_four_parts() -> None:
    steps = re.findall(r"^### (\d)\. .+?\n(.*?)(?=^##)", page("docs/migration.md"), re.MULTILINE | re.DOTALL)
    assert [number for number, _ in steps] == list("123456789")
    for number, step in steps:
        assert re.findall(r"^\*\*(.+?)\*\*", step, re.MULTILINE) == LABELS, number


def test_every_behaviour_difference_has_its_three_parts() -> None:
    section = page("docs/migration.md").partition("## Behaviour differences\n")[2]
    for part in section.split("\n### ")[1:]:
        labels = re.findall(r"^\*\*(.+?)\*\*", part, re.MULTILINE)
        assert labels == ["Synopsis.", "Migration.", "Discussion."], part.partition("\n")[0]


@pytest.mark.parametrize("name", PAGES)
def test_a_line_holds_one_sentence(name: str) -> None:
    for line in prose(name).splitlines():
        if not line.startswith(("|", "**", "#", "-")):
            assert not re.search(r"[.?!] [A-Z]", line), line
