"""Numbers in the docs come from what was measured."""

from __future__ import annotations

from benchmarks.report import PAGE, render


def test_the_page_shows_the_results_that_are_kept() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), "run python -m benchmarks.report"
