"""A twin answers as the Flask view does, byte for byte, but for the exceptions that are listed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bridge import Database
from tests.corpus.conftest import TWINNED
from tests.corpus.exceptions import IDS, PAGE, render
from tests.corpus.requests import REQUESTS
from tests.corpus.servers import flask_app
from tests.corpus.twins import OPERATION_HEADER, declare

if TYPE_CHECKING:
    from tests.corpus.conftest import Answers
    from tests.corpus.raw import Answer, RawRequest

AWKWARD = [raw for raw in REQUESTS if raw.app in TWINNED]
# Of a database that nothing connects to.
UNUSED = Database("postgresql://unused/unused")
LEGACY = [raw for raw in REQUESTS if raw.app == "legacy"]


def without_marks(answer: Answer) -> Answer:
    headers = tuple(header for header in answer.headers if header[0] not in {"bridge-path", OPERATION_HEADER})
    return replace(answer, headers=headers)


@pytest.mark.parametrize("raw", [raw for raw in AWKWARD if raw.id not in IDS], ids=lambda raw: raw.id)
def test_the_answer_is_the_same(raw: RawRequest, flask_answers: Answers, twin_answers: Answers) -> None:
    assert without_marks(twin_answers[raw.id]) == flask_answers[raw.id]


@pytest.mark.parametrize("request_id", sorted(IDS))
def test_an_exception_is_one(request_id: str, flask_answers: Answers, twin_answers: Answers) -> None:
    assert without_marks(twin_answers[request_id]) != flask_answers[request_id], "remove it from exceptions.py"


@pytest.mark.parametrize("raw", LEGACY, ids=lambda raw: raw.id)
def test_the_migrated_application_answers_the_same(
    raw: RawRequest, flask_answers: Answers, migrated_answers: Answers
) -> None:
    assert without_marks(migrated_answers[raw.id]) == flask_answers[raw.id]


def test_every_twin_answers_and_there_are_enough(twin_answers: Answers) -> None:
    bridge, _ = declare(flask_app("plain", UNUSED), UNUSED)
    named = {name for answer in twin_answers.values() for name in answer.header(OPERATION_HEADER)}
    answered = {name.encode("latin-1").decode() for name in named}
    assert answered == {operation.name for operation in bridge.operations}
    assert len(answered) >= 25
    paths = [path for answer in twin_answers.values() for path in answer.header("bridge-path")]
    assert min(paths.count("bridged"), paths.count("native")) > 50


def test_the_page_of_the_docs_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), "run python -m tests.corpus.exceptions"
