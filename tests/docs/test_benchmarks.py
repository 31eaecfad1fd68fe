"""Numbers in the docs come from what was measured."""

from __future__ import annotations

from benchmarks.report import PAGE, files
from benchmarks.results import DIRECTORY
from benchmarks.tables import SECTIONS


def test_the_page_and_its_pictures_show_the_results_that_are_kept() -> None:
    for path, text in files().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run python -m benchmarks.report"


def test_every_result_and_every_picture_is_on_the_page() -> None:
    assert {path.stem for path in DIRECTORY.glob("*.json")} <= {section.name for section in SECTIONS}
    assert set(DIRECTORY.glob("*.svg")) == set(files()) - {PAGE}
    for picture in DIRECTORY.glob("*.svg"):
        assert f"results/{picture.name})" in PAGE.read_text(encoding="utf-8")
