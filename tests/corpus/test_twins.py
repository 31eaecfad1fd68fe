"""A twin answers as the Flask view does, byte for byte, but for the exceptions that are listed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.corpus.requests import REQUESTS
from tests.corpus.twins import OPERATION_HEADER

if TYPE_CHECKING:
    from tests.corpus.conftest import Answers
    from tests.corpus.raw import Answer, RawRequest

PLAIN = [raw for raw in REQUESTS if raw.app == "plain"]


def without_marks(answer: Answer) -> Answer:
    headers = tuple(header for header in answer.headers if header[0] not in {"bridge-path", OPERATION_HEADER})
    return replace(answer, headers=headers)


@pytest.mark.parametrize("raw", PLAIN, ids=lambda raw: raw.id)
def test_the_answer_is_the_same(raw: RawRequest, flask_answers: Answers, twin_answers: Answers) -> None:
    assert without_marks(twin_answers[raw.id]) == flask_answers[raw.id]
