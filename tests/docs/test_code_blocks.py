"""What a page shows is code that the tests run."""

from __future__ import annotations

import re
from textwrap import dedent

import pytest

from tests.conftest import ROOT
from tests.docs.pages import PAGES, blocks, page
from tests.docs.shop import EXAMPLES, PROGRAMS

SHOWN_FROM = ("docs/examples", "tests", "async_app", "legacy_sync")
SOURCES = [path for folder in SHOWN_FROM for path in sorted((ROOT / folder).rglob("*.py"))]
# Programs have a test each; these two are imported by the programs.
MODULES = {"__init__.py", "shop.py", "shop_schemas.py"}


def files_with(block: str) -> list[str]:
    """Return the files that hold the lines of *block* in one piece, at whatever depth they are indented."""
    wanted = dedent(block).strip("\n").splitlines()
    found = []
    for path in SOURCES:
        lines = path.read_text(encoding="utf-8").splitlines()
        starts = (number for number, line in enumerate(lines) if line.strip() == wanted[0].strip())
        if any(dedent("\n".join(lines[n : n + len(wanted)])).splitlines() == wanted for n in starts):
            found.append(str(path.relative_to(ROOT)))
    return found


@pytest.mark.parametrize(
    ("name", "block"),
    [
        pytest.param(name, block, id=f"{name}-{number}")
        for name in PAGES
        for number, block in enumerate(blocks(name, "python"), 1)
    ],
)
def test_a_python_block_is_a_piece_of_a_file_that_is_run(name: str, block: str) -> None:
    assert files_with(block), f"{name} shows code that no file under {SHOWN_FROM} has:\n{block}"


def test_code_that_no_file_has_is_noticed() -> None:
    assert files_with("from bridge import Bridge, Database\n")
    assert not files_with("from bridge import Bridge, Databases\n")


def test_every_example_is_run_by_a_test() -> None:
    files = {path.name for path in EXAMPLES.glob("*.py")}
    assert files == {*PROGRAMS.values(), "shop_finished.py", "club.py", "stock.py", *MODULES}


def test_every_block_declares_its_language() -> None:
    languages = {name: set(re.findall(r"^```(\w*)\n", page(name), re.MULTILINE)) for name in PAGES}
    assert set().union(*languages.values()) <= {"python", "console", "text", ""}
    for name in PAGES:
        assert re.findall(r"^```", page(name), re.MULTILINE).__len__() % 2 == 0
