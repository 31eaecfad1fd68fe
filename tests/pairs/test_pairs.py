"""Every case is equal on both engines of every pair, or listed with its reason; and the page shows what was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.docs.pages import page, rows
from tests.pairs.cases import CASES
from tests.pairs.differences import Difference, complaints, listed
from tests.pairs.engines import COLUMNS, PAIRS
from tests.pairs.report import PAGE, head, section
from tests.pairs.run import TIMEOUT_S, outcomes

if TYPE_CHECKING:
    from tests.pairs.engines import Pair
    from tests.pairs.outcome import Outcome

FIVE: Outcome = {"result": "int 5"}
SIX: Outcome = {"result": "int 6"}


@pytest.mark.timeout(2 * TIMEOUT_S)
@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_every_case_is_equal_or_listed_and_the_page_shows_it(pair: Pair, request: pytest.FixtureRequest) -> None:
    measured = outcomes(pair, request.getfixturevalue("mariadb_url" if pair.backend == "mysql" else "server_url"))
    assert list(complaints(measured, listed(pair))) == []
    assert section(pair, measured) in PAGE.read_text(encoding="utf-8"), "run python -m tests.pairs.report"


def test_the_totals_of_the_page_are_those_of_the_lists() -> None:
    assert page("docs/reference/database-pairs.md").startswith(head()), "run python -m tests.pairs.report"


def test_every_case_has_an_id_of_its_own_and_a_form_that_the_page_explains() -> None:
    ids = [case.id for case in CASES]
    assert len(set(ids)) == len(ids)
    explained = [cells[0].strip("`") for cells in rows("docs/reference/database-pairs.md", "What is compared")]
    assert {case.partition(": ")[0] for case in ids} == set(explained)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_the_corpus_is_large_enough_for_each_pair(pair: Pair) -> None:
    assert sum(pair.backend in case.backends for case in CASES) >= 300


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_every_difference_has_a_reason_and_a_remedy(pair: Pair) -> None:
    for difference in listed(pair):
        assert difference.reason
        assert difference.remedy
        assert difference.bare or difference.bridge


@pytest.mark.parametrize(
    ("bare", "bridge", "listed_bare", "listed_bridge", "complaint"),
    [
        ((FIVE, SIX), (FIVE, FIVE), (), (), "bare: differs, and is not listed: a"),
        ((FIVE, FIVE), (FIVE, SIX), (), (), "bridge: differs, and is not listed: a"),
        ((FIVE, FIVE), (FIVE, FIVE), ("a",), (), "bare: listed, but equal now: a"),
        ((FIVE, SIX), (FIVE, FIVE), ("a",), ("a",), "bridge: listed, but equal now: a"),
        ((FIVE, SIX), (FIVE, FIVE), ("a", "b"), (), "bare: listed, but there is no such case: b"),
        ((FIVE, SIX), (FIVE, FIVE), ("a", "a"), (), "bare: listed twice: a"),
        ((FIVE, FIVE), (SIX, SIX), (), (), "the bridge changes the synchronous driver: a"),
    ],
)
def test_a_list_that_is_not_what_was_measured_is_told(
    bare: tuple[Outcome, Outcome],
    bridge: tuple[Outcome, Outcome],
    listed_bare: tuple[str, ...],
    listed_bridge: tuple[str, ...],
    complaint: str,
) -> None:
    measured = dict(zip(COLUMNS, ({"a": bare}, {"a": bridge}), strict=True))
    told = list(complaints(measured, (Difference("title", "reason", "remedy", listed_bare, listed_bridge),)))
    assert len(told) == 1
    assert told[0].startswith(complaint)
