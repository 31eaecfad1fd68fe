"""Flask behind the facade, with nothing ported, answers as it does under its own server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.corpus.requests import REQUESTS

if TYPE_CHECKING:
    from tests.corpus.conftest import Answers
    from tests.corpus.raw import RawRequest


# Werkzeug's, for a host that is not below SERVER_NAME. The requests are sent while the first test is set up.
pytestmark = pytest.mark.filterwarnings("ignore:Current server name")


@pytest.mark.parametrize("raw", REQUESTS, ids=lambda raw: raw.id)
def test_the_answer_is_the_same(raw: RawRequest, flask_answers: Answers, facade_answers: Answers) -> None:
    assert facade_answers[raw.id] == flask_answers[raw.id]


def test_the_requests_are_many_and_different() -> None:
    assert len(REQUESTS) >= 220
    assert len({raw.id for raw in REQUESTS}) == len(REQUESTS)


def test_the_answers_are_of_every_kind(flask_answers: Answers) -> None:
    """Two servers that refuse everything would agree, too."""
    statuses = [answer.status for answer in flask_answers.values()]
    kinds = (
        200,
        201,
        202,
        203,
        204,
        206,
        299,
        301,
        302,
        304,
        308,
        400,
        401,
        403,
        404,
        405,
        409,
        413,
        415,
        416,
        418,
        500,
    )
    assert set(kinds) <= set(statuses)
    assert statuses.count(200) > len(statuses) / 3
    assert sum(bool(answer.header("set-cookie")) for answer in flask_answers.values()) > 10
