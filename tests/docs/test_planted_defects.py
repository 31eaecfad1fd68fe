"""What the docs say of planted defects is what the tests plant and find."""

from __future__ import annotations

from tests.docs.pages import page, rows
from tests.integration.shadow.defects.table import MISSED, PLANTED, PORTED

PAGE = "docs/how-to/read-differences.md"


def test_the_page_has_the_numbers_of_the_table() -> None:
    text = page(PAGE)
    assert f"The tests plant {len(PLANTED)} defects in ports of {len(PORTED)} operations" in text
    assert f"find {len(PLANTED) - len(MISSED)} of them" in text


def test_the_page_lists_what_is_not_found_and_why() -> None:
    assert [*rows(PAGE, "What is found, and what is not")] == [[each.id, str(each.missed)] for each in MISSED]
