"""Evidence, promotions and differences from the command line."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import pytest

from async_app.demo.application import PLANTED_BUG, create
from bridge.shadow import Load
from tests.integration.cli.conftest import OPERATION, printed_json

if TYPE_CHECKING:
    from fastapi import FastAPI

    from tests.integration.cli.conftest import Command


async def serve(app: FastAPI, requests: int) -> None:
    """Start the application, let callers ask, and shut it down, so that its counts are in the store."""
    bridge = app.state.bridge
    await bridge.start()
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        for number in range(requests):
            await client.get(f"/users/{number % 40 + 1}")
            await bridge.checks.settled()
    await bridge.close()


@pytest.fixture
def served(command: Command, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Have a port with a bug checked, and return the command."""
    assert command("stage", "set", OPERATION, "shadow", "--why", "written").exit_code == 0
    # However busy the machine is: what is tested is what is shown of it.
    monkeypatch.setattr(Load, "is_busy", lambda _load, **_: False)
    environ[PLANTED_BUG] = "1"
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    asyncio.run(serve(create(), 40))
    return command


def test_what_was_counted_is_shown(served: Command) -> None:
    (observed,) = printed_json(served("evidence", "--json")).values()
    assert observed["legacy"]["served"] == 40
    native = observed["native"]
    assert native["mismatched"] > 0
    table = served("evidence").output
    assert observed["version"] in table
    assert OPERATION in table
    assert "shadow" in table


def test_a_port_without_evidence_is_not_promoted(command: Command) -> None:
    command("stage", "set", OPERATION, "shadow", "--why", "written")
    told = command("stage", "promote", OPERATION, "native", "--dry-run")
    assert told.exit_code == 1
    assert "may not be promoted yet" in told.output
    refused = command("stage", "promote", OPERATION, "native", "--why", "because")
    assert refused.exit_code == 1
    assert "[promotion-refused]" in refused.output
    assert printed_json(command("stages", "--json"))["operations"][0]["stage"] == "shadow"
    assert printed_json(command("certificates", "--json")) == []


def test_force_needs_a_reason_and_is_recorded(command: Command) -> None:
    command("stage", "set", OPERATION, "shadow", "--why", "written")
    assert "say why" in command("stage", "promote", OPERATION, "verify", "--force").output
    forced = command("stage", "promote", OPERATION, "verify", "--force", "--who", "ann", "--why", "a test system")
    assert forced.exit_code == 0, forced.output
    (certificate,) = printed_json(command("certificates", OPERATION, "--json"))
    assert (certificate["forced"], certificate["who"], certificate["why"]) == (True, "ann", "a test system")
    assert "forced" in command("certificates").output


def test_differences_are_listed_by_rule_and_place(served: Command) -> None:
    groups = printed_json(served("differences", "--json"))
    assert {group["operation"] for group in groups} == {OPERATION}
    assert "json.missing_item" in {group["example"]["rule"] for group in groups}
    assert {group["example"]["severity"] for group in groups} == {"error"}
    assert "json.missing_item" in served("differences", OPERATION).output
    assert printed_json(served("differences", "GET /users/*", "--json")) == []
    assert served("differences", "GET /users/*").output == "No difference was found.\n"


@pytest.mark.parametrize("words", [("certificates",), ("differences",), ("stage", "history")])
@pytest.mark.parametrize("name", ["GET /user", "POST *"])
def test_what_is_kept_of_a_name_that_is_not_declared_is_listed_with_a_warning(
    command: Command, words: tuple[str, ...], name: str
) -> None:
    """It may be of an operation that was, or be misspelt."""
    listed = command(*words, name, "--json")
    assert printed_json(listed) == []
    assert listed.stderr.startswith("Warning: no route declares ")
    assert name in listed.stderr
    assert command(*words, OPERATION).stderr == ""


@pytest.mark.parametrize(("name", "said"), [("GET /user", "did you mean"), ("GET /users/*", "one at a time")])
def test_there_is_no_evidence_of_what_is_not_one_operation(command: Command, name: str, said: str) -> None:
    promote = ("stage", "promote", name)
    for words in (("evidence", name), (*promote, "legacy", "--dry-run"), (*promote, "shadow", "--why", "x")):
        refused = command(*words)
        assert (refused.exit_code, said in refused.stderr) == (1, True), refused.output


def test_an_application_that_keeps_nothing_says_so(
    command: Command, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", next(iter(environ.values())))
    monkeypatch.setenv("SECRET_KEY", "key")
    app = "async_app:create_app"
    for words, message in (
        (("evidence",), "gathers no evidence"),
        (("differences",), "keeps no differences"),
        (("stage", "set", "GET /users", "native", "--why", "x"), "which no command reaches"),
    ):
        refused = command(*words, app=app)
        assert refused.exit_code == 1
        assert message in refused.output
    assert "keeps nothing in the database" in command("create-tables", app=app).output
