"""The how-to guide on promotions, the explanation of the numbers, and the form of certificates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from anyio import to_thread
from fastapi import FastAPI

from bridge import (
    Bridge,
    Database,
    Evidence,
    EvidenceSettings,
    GuardSettings,
    Path,
    Plan,
    PromotionPolicy,
    PromotionRefused,
    SQLEvidence,
    SQLStageStore,
)
from bridge.evidence import trials_needed, upper_bound
from bridge.evidence.watch import GUARDED
from bridge.shadow import Verdict
from docs.examples.shop import Item, create_flask_app, find_item
from docs.examples.shop_schemas import ItemRead
from tests.docs.pages import blocks, page, prose, rows
from tests.unit.evidence.test_look import health
from tests.unit.evidence.worlds import OPERATION, VERSION, World, checked, counts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HOW_TO, EXPLANATION, CERTIFICATE = "docs/how-to/promote-on-evidence.md", "docs/explanation/evidence.md", "docs/reference/certificate.md"  # fmt: skip
ITEM = "GET /items/{item_id}"


@pytest.fixture
async def bridge(shop_url: str) -> AsyncIterator[Bridge]:
    database = Database(shop_url)
    legacy = create_flask_app(database.sync_engine)
    bridge = Bridge(
        database=database,
        legacy=legacy,
        store=SQLStageStore(database),
        evidence=Evidence(SQLEvidence(database)),
    )
    items = bridge.router(prefix="/items")

    @items.get("/{item_id:int}", legacy=find_item, response_model=ItemRead, version="2026-11-24")
    async def get_item(item_id: int) -> Item:
        raise NotImplementedError

    app = FastAPI()
    app.include_router(items)
    bridge.install(app)
    await SQLStageStore(database).create_tables()
    tables = SQLEvidence(database)
    await tables.create_tables()
    await tables.close()
    await bridge.start()
    yield bridge
    await bridge.close()


async def test_the_guide_asks_and_promotes(bridge: Bridge) -> None:
    assert bridge.evidence is not None
    await bridge.stages.change(ITEM, "shadow", who="ada", why="begin")
    check = checked(Verdict.MATCHED)
    bridge.evidence.tallies.checked(type(check)(ITEM, check.control, check.candidate, check.verdict), "2026-11-24")
    assessment = await bridge.evidence.assess("GET /items/{item_id}", "canary 5 %")
    assert f"{assessment}\n" == blocks(HOW_TO, "text")[0]
    with pytest.raises(PromotionRefused):
        await bridge.evidence.promote("GET /items/{item_id}", "canary 5 %", who="ada", why="a week in shadow")
    for _ in range(2994):
        bridge.evidence.tallies.checked(type(check)(ITEM, check.control, check.candidate, check.verdict), "2026-11-24")
    await bridge.evidence.promote("GET /items/{item_id}", "canary 5 %", who="ada", why="a week in shadow")
    assert str(bridge.stages.get(ITEM)) == "canary 5 %"
    (certificate,) = await bridge.evidence.certificates(ITEM)
    assert (certificate.version, certificate.forced) == ("2026-11-24", False)


async def test_the_guide_makes_plans_and_guards(shop_url: str) -> None:
    database = await to_thread.run_sync(Database, shop_url)
    evidence = Evidence(SQLEvidence(database), plan=Plan.parse("5 → 25 → 50 → 100 %", hold_s=600))
    assert str(evidence._plans["*"]) == "canary 5 % → canary 25 % → canary 50 % → canary 100 %, 600 s each"
    guard = GuardSettings(window=120.0, max_error_rate_increase=0.01, roll_back_to="legacy")
    evidence = Evidence(SQLEvidence(database), guard=guard)
    assert evidence._guard_settings is guard


def test_the_guide_says_what_the_defaults_are() -> None:
    guard = GuardSettings()
    assert (guard.every, guard.window, guard.breaches, guard.hold) == (5.0, 60.0, 3, 600.0)
    assert {stage.value for stage in GUARDED} == {"canary", "verify", "native"}
    assert "Three breaches in a row move the operation to `shadow` everywhere" in prose(HOW_TO)
    assert (EvidenceSettings().keep_windows, EvidenceSettings().keep_totals) == (900, 90 * 86400)
    assert guard.confidence == 0.999
    assert PromotionPolicy().max_mismatch_rate == 0.001


def test_the_table_of_checks_is_computed() -> None:
    headings = ("none found", "1 found", "2 found", "5 found")
    assert f"| mismatches accepted | {' | '.join(headings)} |" in page(EXPLANATION)
    table = {cells[0]: cells[1:] for cells in rows(EXPLANATION, "What the bound means")}
    assert table == {
        f"1 in {one_in:,}": [f"{trials_needed(1 / one_in, found):,}" for found in (0, 1, 2, 5)]
        for one_in in (100, 1000, 10_000)
    }
    assert upper_bound(0, 2995) <= 0.001 < upper_bound(0, 2994)


def test_a_handful_of_failures_is_as_the_explanation_says() -> None:
    outcomes = [health(counts(failed, server_errors=failed)).value for failed in range(1, 6)]
    assert outcomes == ["inconclusive", "breached", "breached", "breached", "breached"]


async def test_the_form_of_a_certificate_is_documented() -> None:
    world = World("verify")
    await world.evidence.promote(OPERATION, "native", who="ada", why="test", force=True)
    (certificate,) = await world.evidence.certificates(OPERATION)
    content = certificate.content

    def documented(heading: str) -> list[str]:
        return [name.strip(" `") for cells in rows(CERTIFICATE, heading) for name in cells[0].split(",")]

    assert documented("Certificates")[: len(content)] == list(content)
    fields = list(content["requirements"][0])
    names = [each["name"] for each in content["requirements"]]
    assert documented("Requirements") == [*fields, *names]
    assert documented("Counts") == list(content["counts"]["native"]) == list(content["counts"]["legacy"])
    assert set(content["counts"]) == {"native", "legacy"}
    assert (content["version"], content["schema"]) == (VERSION, 1)
    assert Path.NATIVE.value in content["counts"]
