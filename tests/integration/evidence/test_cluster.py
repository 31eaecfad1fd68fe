"""Several processes over one database: they promote, guard and roll back together, and each thing happens once."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from bridge import Database, Path, PromotionRefused, SQLStageStore, StageConflict, Stages
from bridge.evidence import (
    Evidence,
    EvidenceSettings,
    GuardSettings,
    Observed,
    Operations,
    Plan,
    PromotionPolicy,
    SQLEvidence,
)
from bridge.shadow import Verdict
from tests.integration.server_side import until
from tests.unit.evidence.worlds import OPERATION, VERSION, checked

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SETTINGS = EvidenceSettings(flush_every=0.05, window=1)
GUARD = GuardSettings(every=0.1, window=30.0, breaches=2, min_requests=10, hold=600.0)
EASY = PromotionPolicy(min_checked=10, max_mismatch_rate=0.5, min_served=10, max_latency_ratio=5.0, max_error_rate_increase=0.5, max_client_error_increase=0.5)  # fmt: skip


class Process:
    """What one process of the cluster has: its stages and its evidence, over databases of its own."""

    def __init__(self, stages: Stages, evidence: Evidence) -> None:
        self.stages = stages
        self.evidence = evidence

    def serve(self, requests: int, *, path: Path = Path.NATIVE, failing: int = 0) -> None:
        for number in range(requests):
            status = 500 if number < failing else 200
            self.evidence.tallies.served(OPERATION, path, VERSION, status, None, 0.01)

    def check(self, *verdicts: Verdict) -> None:
        for verdict in verdicts:
            rules = ["json.value"] if verdict is Verdict.MISMATCHED else []
            self.evidence.tallies.checked(checked(verdict, *rules), VERSION)

    @property
    def stage(self) -> str:
        return str(self.stages.get(OPERATION))


@asynccontextmanager
async def process(url: str, *, version: str = VERSION, **options: Any) -> AsyncIterator[Process]:
    database = Database(url)
    stages = Stages(store=SQLStageStore(database))
    stages.declare(OPERATION, ported=True)
    evidence = Evidence(SQLEvidence(database), settings=SETTINGS, **{"guard": GUARD, "policy": EASY, **options})
    evidence.bind(stages, Operations(lambda _: version))
    await stages.start()
    await evidence.start()
    try:
        yield Process(stages, evidence)
    finally:
        await evidence.close()
        await stages.close()
        await database.dispose()


@asynccontextmanager
async def cluster(url: str, size: int = 3, **options: Any) -> AsyncIterator[list[Process]]:
    database = Database(url)
    await SQLStageStore(database).create_tables()
    tables = SQLEvidence(database)
    await tables.create_tables()
    await tables.close()
    async with AsyncExitStack() as opened:
        yield [await opened.enter_async_context(process(url, **options)) for _ in range(size)]
    await database.dispose()


async def everybody_at(processes: list[Process], stage: str) -> None:
    await until(lambda: {each.stage for each in processes} == {stage})


async def test_guards_that_all_see_a_breach_roll_back_once(database_url: str) -> None:
    async with cluster(database_url) as processes:
        await processes[0].stages.change(OPERATION, "canary 50 %", who="ada", why="test")
        await everybody_at(processes, "canary 50 %")
        # The window of a change itself is not held against it.
        await asyncio.sleep(SETTINGS.window + 2 * SETTINGS.flush_every)
        for each in processes:
            each.serve(100, failing=60)
            each.serve(100, path=Path.FLASK)
        await everybody_at(processes, "shadow")
        # Each guard looks again, several times.
        await asyncio.sleep(5 * GUARD.every)
        history = await processes[1].stages.history(OPERATION)
        assert [(change.who, change.after) for change in history] == [("guard", "shadow"), ("ada", "canary 50 %")]
        assert f"version {VERSION}" in history[0].why
        assert len(await processes[2].evidence.store.documents("rollback", OPERATION)) == 1


async def test_promotion_counts_what_every_process_has_seen(database_url: str) -> None:
    policy = PromotionPolicy(min_checked=300, max_mismatch_rate=0.01)
    async with cluster(database_url, policy=policy) as processes:
        ada = processes[0].evidence
        await ada.promote(OPERATION, "shadow", who="ada", why="begin")
        for each in processes[1:]:
            each.check(*[Verdict.MATCHED] * 149)
        await until_checked(processes[0], 298)
        with pytest.raises(PromotionRefused, match="2 more checked exchanges"):
            await ada.promote(OPERATION, "canary 5 %", who="ada", why="too soon")
        processes[2].check(Verdict.MATCHED, Verdict.EXCUSED)
        await until_checked(processes[0], 300)
        await ada.promote(OPERATION, "canary 5 %", who="ada", why="ready")
        await everybody_at(processes, "canary 5 %")
        certificates = await processes[1].evidence.certificates(OPERATION)
        assert [(each.to, each.who, each.forced) for each in certificates] == [("canary 5 %", "ada", False), ("shadow", "ada", False)]  # fmt: skip
        assert certificates[0].content["counts"]["native"]["excused"] == 1


async def until_checked(process: Process, checks: int) -> None:
    async with asyncio.timeout(10):
        while (await process.evidence.observed(OPERATION)).native.checked != checks:  # noqa: ASYNC110  the others' batches come as they come
            await asyncio.sleep(0.02)


async def test_of_two_operators_one_is_told(database_url: str) -> None:
    async with cluster(database_url, 2) as processes:
        outcomes = await asyncio.gather(
            *(each.evidence.promote(OPERATION, "native", who=str(n), why="a race", force=True) for n, each in enumerate(processes)),
            return_exceptions=True,
        )  # fmt: skip
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["StageChange", "StageConflict"], outcomes
        assert any(isinstance(outcome, StageConflict) for outcome in outcomes)
        assert len(await processes[0].evidence.certificates(OPERATION)) == 1


async def test_a_plan_promotes_once_for_each_step_whoever_does_it(database_url: str) -> None:
    plan = Plan.parse("5 → 50 → 100 %", hold_s=0.0)
    async with cluster(database_url, plan=plan) as processes:
        for each in processes:
            each.check(*[Verdict.MATCHED] * 20)
        await processes[0].stages.change(OPERATION, "shadow", who="ada", why="begin")
        async with asyncio.timeout(40):
            while {each.stage for each in processes} != {"canary 100 %"}:
                for each in processes:
                    each.serve(20)
                    each.serve(20, path=Path.BRIDGED)
                await asyncio.sleep(0.1)
        history = await processes[0].stages.history(OPERATION)
        assert [change.after for change in history] == ["canary 100 %", "canary 50 %", "canary 5 %", "shadow"]
        # Whoever comes second takes the certificate back that it has just kept.
        async with asyncio.timeout(20):
            while len(await processes[0].evidence.certificates(OPERATION)) != 3:  # noqa: ASYNC110  as above
                await asyncio.sleep(0.05)


async def test_a_deploy_of_another_port_falls_back_once(database_url: str) -> None:
    async with cluster(database_url, 2) as processes:
        await processes[0].evidence.promote(OPERATION, "canary 25 %", who="ada", why="test", force=True)
        await everybody_at(processes, "canary 25 %")
        async with process(database_url) as same:
            assert same.stage == "canary 25 %"
        async with (
            process(database_url, version="b" * 12) as deployed,
            process(database_url, version="b" * 12) as other,
        ):
            await everybody_at([*processes, deployed, other], "shadow")
            history = await deployed.stages.history(OPERATION)
            assert [change.who for change in history] == ["bridge", "ada"]
            assert "its port has changed" in history[0].why
            assert await deployed.evidence.observed(OPERATION) == Observed(version="b" * 12)
