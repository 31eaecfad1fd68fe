"""Stages from the command line."""

from __future__ import annotations

import logging
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT
from tests.integration.cli.conftest import APP, OPERATION, printed_json

if TYPE_CHECKING:
    from tests.integration.cli.conftest import Command


def test_every_operation_is_listed_with_where_its_stage_comes_from(command: Command) -> None:
    found = printed_json(command("stages", "--json"))
    assert found["operations"] == [{"operation": OPERATION, "stage": "legacy", "from": "default", "version": 0}]
    assert found["store"]["following"] is True
    table = command("stages").output
    assert OPERATION in table
    assert "legacy" in table


def test_a_stage_that_is_set_stays_set_and_has_a_history(command: Command) -> None:
    assert (
        "'default' -> 'shadow' (version 1)"
        in command("stage", "set", OPERATION, "shadow", "--who", "ann", "--why", "written").output
    )
    assert printed_json(command("stages", "--json"))["operations"][0]["stage"] == "shadow"
    assert command("stage", "rollback", OPERATION, "--who", "bob", "--why", "a complaint").exit_code == 0
    history = printed_json(command("stage", "history", OPERATION, "--json"))
    assert [(each["before"], each["after"], each["who"], each["why"]) for each in history] == [
        ("shadow", "legacy", "bob", "a complaint"),
        (None, "shadow", "ann", "written"),
    ]
    assert "a complaint" in command("stage", "history").output
    assert len(printed_json(command("stage", "history", "--limit", "1", "--json"))) == 1


def test_of_two_operators_the_second_is_told_who_was_first(command: Command) -> None:
    command("stage", "set", OPERATION, "shadow", "--who", "ann", "--why", "written")
    refused = command("stage", "set", OPERATION, "legacy", "--why", "no", "--expected", "0")
    assert refused.exit_code == 1
    assert "ann" in refused.output
    assert "[stage-conflict]" in refused.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("stage", "set", "GET /user", "shadow", "--why", "x"), "did you mean 'GET /users/{user_id}'?"),
        (("stage", "set", "POST *", "shadow", "--why", "x"), "that the pattern 'POST *' fits"),
        (("stage", "set", "GET /user", "default", "--why", "x"), "did you mean 'GET /users/{user_id}'?"),
        (("stage", "set", "POST *", "default", "--why", "x"), "that the pattern 'POST *' fits"),
        (("stage", "set", "default", "shadow", "--why", "x"), "no route declares the operation 'default'"),
        (("stage", "rollback", "GET /user", "--why", "x"), "did you mean 'GET /users/{user_id}'?"),
        (("stage", "rollback", "GET /user", "--to", "default", "--why", "x"), "did you mean 'GET /users/{user_id}'?"),
        (("stage", "set", OPERATION, "canary", "--why", "x"), "write for example 'canary 5 %'"),
        (("stage", "set", OPERATION, "nativ", "--why", "x"), "use one of legacy, shadow, canary, verify, native"),
        (("stage", "set", OPERATION, "shadow"), "Missing option '--why'"),
        (("stage", "history", "--limit", "0"), "0 is not in the range"),
    ],
)
def test_what_cannot_be_done_is_explained(command: Command, words: tuple[str, ...], message: str) -> None:
    refused = command(*words)
    assert refused.exit_code != 0
    assert message in refused.output
    assert "Traceback" not in refused.output
    assert printed_json(command("stages", "--json"))["operations"][0]["stage"] == "legacy"


@pytest.mark.parametrize(
    ("app", "message"),
    [
        ("async_app", "write module:name"),
        ("no_such_module:app", "cannot be imported"),
        ("async_app.app:nothing", "is neither a bridge nor an application"),
        ("async_app.settings:Settings.from_environ.__name__", "is neither a bridge nor an application"),
    ],
)
def test_an_application_that_is_none_is_explained(command: Command, app: str, message: str) -> None:
    refused = command("stages", app=app)
    assert refused.exit_code == 2
    assert message in refused.output


def test_without_tables_the_command_says_what_to_run(environ: dict[str, str]) -> None:
    """In a process of its own, as a person would."""
    words = [sys.executable, "-m", "bridge.cli", "--app", APP, "stages"]
    done = subprocess.run(words, cwd=ROOT, env={**environ, "PATH": ""}, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Is 'bridge create-tables' still to be run?" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_command_leaves_the_log_as_it_was(command: Command) -> None:
    before = logging.getLogger("bridge").level
    assert command("stages").exit_code == 0
    assert logging.getLogger("bridge").level == before


def test_help_names_every_command() -> None:
    words = [sys.executable, "-m", "bridge.cli", "--help"]
    shown = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in ("create-tables", "stages", "stage", "override", "evidence", "certificates", "differences"):
        assert f"\n  {name} " in shown
