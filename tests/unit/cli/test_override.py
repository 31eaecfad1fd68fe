"""Tokens of testers from the command line."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from anyio import to_thread
from click.testing import CliRunner, Result

from bridge import StageOverride
from bridge.cli import main
from tests.unit.routing.applications import client_of, flask_with, installed

if TYPE_CHECKING:
    from fastapi import FastAPI

    from bridge import BridgeRouter

THING, PLAIN = "GET /things/{thing_id}", "GET /plain"
HERE = "tests.unit.cli.test_override"
MAX_AGE_S = 600


async def show(thing_id: int) -> dict[str, Any]:
    return {"id": thing_id, "by": "native"}


def plain() -> dict[str, Any]:
    return {}


def declare(router: BridgeRouter) -> None:
    router.get("/things/{thing_id:int}")(show)
    router.get("/plain")(plain)


def with_override() -> FastAPI:
    flask = flask_with({"thing": "/things/<int:thing_id>", "plain": "/plain"})
    override = StageOverride("a secret of the testers", max_age_s=MAX_AGE_S, header="X-Side", cookie="side")
    return installed(flask, declare, stages={THING: "legacy"}, override=override)[0]


def without_override() -> FastAPI:
    return installed(flask_with({}), declare)[0]


def run(*words: str, app: str = "with_override") -> Result:
    return CliRunner().invoke(main, ["--app", f"{HERE}:{app}", "override", *words])


async def served_by(headers: dict[str, str]) -> str:
    async with client_of(with_override()) as client:
        return (await client.get("/things/1", headers=headers)).headers["bridge-path"]


@pytest.mark.parametrize("names", [(THING,), ("GET /things/*",), (PLAIN + "*", THING)])
async def test_a_tester_is_served_by_the_side_of_the_token(names: tuple[str, ...]) -> None:
    before = datetime.now(UTC)
    made = await to_thread.run_sync(lambda: run(*names, "--side", "native", "--json"))
    assert made.exit_code == 0, made.output
    found = json.loads(made.stdout)
    assert (found["header"], found["cookie"], found["side"]) == ("X-Side", "side", "native")
    assert found["operations"] == list(names)
    until = datetime.fromisoformat(found["until"])
    assert before <= until - timedelta(seconds=MAX_AGE_S) <= datetime.now(UTC)
    assert await served_by({}) == "flask"
    assert await served_by({found["header"]: found["token"]}) == "native"
    assert await served_by({"Cookie": f"{found['cookie']}={found['token']}"}) == "native"


async def test_the_header_can_be_copied_from_what_is_shown() -> None:
    shown = (await to_thread.run_sync(run, THING, "--side", "native")).output
    header, told = shown.split("\n\n")
    name, _, token = header.partition(": ")
    assert await served_by({name: token}) == "native"
    assert re.search(
        r"GET /things/\{thing_id\} is served by the native side until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", told
    )
    assert "set the cookie side to the token" in told


@pytest.mark.parametrize(
    ("words", "app", "code", "said"),
    [
        ((THING, "--side", "native"), "without_override", 1, "give its Bridge an override"),
        (("GET /thing/{thing_id}", "--side", "native"), "with_override", 1, "did you mean 'GET /things/{thing_id}'?"),
        (("POST *", "--side", "legacy"), "with_override", 1, "that the pattern 'POST *' fits"),
        ((PLAIN, "--side", "native"), "with_override", 1, "has no native port"),
        ((PLAIN, "--side", "flask"), "with_override", 2, "'flask' is not one of"),
        (("--side", "native"), "with_override", 2, "Missing argument 'OPERATION...'"),
        ((THING,), "with_override", 2, "Missing option '--side'"),
    ],
)
def test_a_token_that_would_do_nothing_is_not_made(words: tuple[str, ...], app: str, code: int, said: str) -> None:
    refused = run(*words, app=app)
    assert (refused.exit_code, said in refused.output) == (code, True), refused.output
    assert refused.stdout == ""
