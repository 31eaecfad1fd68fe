"""Requests are counted as evidence, under the version of the port."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from unittest.mock import AsyncMock

import pytest
from flask import Flask

from bridge import Evidence, Path, StageOverride
from bridge.evidence import Tally
from tests.unit.routing.applications import client_of, flask_with, installed

if TYPE_CHECKING:
    from bridge import BridgeRouter

SECRET = "a secret of at least twenty characters"
THING, OTHER = "GET /things/{thing_id}", "GET /others"


async def show(thing_id: int) -> dict[str, Any]:
    if thing_id == 0:
        raise ValueError
    return {"id": thing_id}


async def others() -> dict[str, Any]:
    return {}


def declare(router: BridgeRouter) -> None:
    router.get("/things/{thing_id:int}", replaces=None, version="of my own")(show)
    router.get("/others", replaces=None)(others)


async def counted(evidence: Evidence, operation: str) -> dict[Tally, Any]:
    await evidence.tallies.flush()
    return dict(await evidence.store.read(operation))


async def test_each_request_is_counted_with_what_became_of_it() -> None:
    evidence = Evidence()
    app, _ = installed(flask_with({}), declare, evidence=evidence)
    async with client_of(app) as client:
        await client.get("/things/1")
        with pytest.raises(ValueError):  # noqa: PT011 - ours
            await client.get("/things/0")
        await client.get("/nowhere")
    ((tally, counts),) = (await counted(evidence, THING)).items()
    assert tally == Tally(THING, Path.NATIVE, "of my own")
    assert (counts.served, counts.exceptions) == (2, 1)


async def test_an_operation_without_a_version_goes_by_its_code() -> None:
    evidence = Evidence()
    app, _ = installed(flask_with({}), declare, evidence=evidence)
    async with client_of(app) as client:
        await client.get("/others")
    ((tally, _),) = (await counted(evidence, OTHER)).items()
    assert len(tally.version) == 12


async def test_what_a_tester_asks_for_is_no_evidence() -> None:
    evidence, override = Evidence(), StageOverride(SECRET)
    app, _ = installed(flask_with({}), declare, evidence=evidence, override=override)
    async with client_of(app) as client:
        token = override.token(THING, side="native")
        assert (await client.get("/things/1", headers={"Bridge-Override": token})).status_code == 200
    assert await counted(evidence, THING) == {}


async def test_a_start_that_fails_lets_go_of_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    evidence = Evidence()
    _, bridge = installed(Flask("legacy"), declare, evidence=evidence)
    closed = AsyncMock()
    monkeypatch.setattr(bridge.database, "check", lambda: None)
    monkeypatch.setattr(bridge.stages, "close", closed)
    monkeypatch.setattr(evidence, "start", AsyncMock(side_effect=OSError("no store")))
    with pytest.raises(OSError, match="no store"):
        await bridge.start()
    closed.assert_awaited_once()
