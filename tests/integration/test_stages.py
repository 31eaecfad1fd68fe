"""Stages change while requests are served."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from dataclasses import replace
from typing import Any

import httpx
import pytest

from async_app.app import compose
from async_app.local import serving
from bridge import NotPorted, Stage, Stages, UnknownOperation, UnknownStage
from tests.conftest import running, settings_for
from tests.integration.application import Migration, migrating

OPERATION = "GET /users/{user_id}"
CLIENTS, SWITCHES, ANSWERS_PER_SWITCH = 6, 8, 12


def test_switching_under_load_fails_no_request_and_moves_the_traffic(database_url: str) -> None:
    composition = compose(settings_for("bridged", database_url))
    with serving(composition.app) as address:
        answers, after = asyncio.run(switch_under_load(address, composition.bridge.stages))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    paths = Counter(answer.headers["bridge-path"] for answer in answers)
    assert set(paths) == {"bridged", "native"}, paths
    assert after == ["native", "bridged"] * (SWITCHES // 2)


async def switch_under_load(address: str, stages: Stages) -> tuple[list[httpx.Response], list[str]]:
    """Return every answer, and the path of a request sent right after each switch."""
    answers: list[httpx.Response] = []
    progress, stop = asyncio.Condition(), asyncio.Event()

    async with httpx.AsyncClient(base_url=address) as client:

        async def keep_asking() -> None:
            while not stop.is_set():
                answer = await client.get("/users/3")
                async with progress:
                    answers.append(answer)
                    progress.notify_all()

        askers = [asyncio.create_task(keep_asking()) for _ in range(CLIENTS)]
        after = []
        for turn in range(SWITCHES):
            stages.set(OPERATION, Stage.LEGACY if turn % 2 else Stage.NATIVE)
            after.append((await client.get("/users/3")).headers["bridge-path"])
            wanted = len(answers) + ANSWERS_PER_SWITCH
            async with progress, asyncio.timeout(20):
                await progress.wait_for(lambda wanted=wanted: len(answers) >= wanted)  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        stop.set()
        await asyncio.gather(*askers)
    return answers, after


async def test_rolling_back_restores_the_stage_before(database_url: str) -> None:
    async with running(settings_for("bridged", database_url)) as (composition, client):
        stages = composition.bridge.stages
        before = stages.set(OPERATION, "native")
        assert (await client.get("/users/3")).headers["bridge-path"] == "native"
        assert (await client.get("/users")).headers["bridge-path"] == "bridged", "only one operation moves"
        stages.set(OPERATION, before)
        assert (await client.get("/users/3")).headers["bridge-path"] == "bridged"


@pytest.mark.parametrize(
    ("operation", "stage", "error"),
    [
        ("GET /users/{id}", "native", UnknownOperation),
        (OPERATION, "nativ", UnknownStage),
        ("GET /posts/{post_id}", "native", NotPorted),
    ],
)
async def test_a_stage_that_cannot_be_set_changes_nothing(
    operation: str, stage: str, error: type[Exception], database_url: str
) -> None:
    async with running(settings_for("bridged", database_url)) as (composition, client):
        before = composition.bridge.stages.snapshot()
        with pytest.raises(error):
            composition.bridge.stages.set(operation, stage)
        assert composition.bridge.stages.snapshot() == before
        assert (await client.get("/users/3")).headers["bridge-path"] == "bridged"


async def test_a_setting_names_the_stage_of_one_operation(database_url: str) -> None:
    settings = replace(settings_for("bridged", database_url), stages={OPERATION: "native"})
    async with running(settings) as (_, client):
        assert (await client.get("/users/3")).headers["bridge-path"] == "native"
        assert (await client.get("/users")).headers["bridge-path"] == "bridged"


async def test_the_path_that_the_header_names_is_the_one_that_ran(database_url: str) -> None:
    """The facade writes the header and the endpoint picks the function: they must not disagree."""

    def declare(migration: Migration) -> None:
        def bridged() -> dict[str, Any]:
            return {"ran": "bridged", "on_the_loop": threading.current_thread() is threading.main_thread()}

        @migration.router.get("/path", legacy=bridged)
        async def native() -> dict[str, Any]:
            return {"ran": "native", "on_the_loop": threading.current_thread() is threading.main_thread()}

    async with migrating(database_url, declare) as (migration, client):
        for stage, path in (("legacy", "bridged"), ("native", "native"), ("legacy", "bridged")):
            migration.bridge.stages.set("GET /path", stage)
            answer = await client.get("/path")
            assert answer.headers["bridge-path"] == answer.json()["ran"] == path
            assert answer.json()["on_the_loop"] is (path == "native")
