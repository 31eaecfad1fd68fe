"""The guard acts on what every process has counted, once, and says why."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest

from bridge.errors import EvidenceStoreUnavailable, StageConflict, StageStoreReadOnly, StageStoreUnavailable
from bridge.evidence import Counts, GuardSettings, Operations, Plan, PromotionPolicy
from bridge.stages import MemoryStageStore, Path, Stages
from tests.unit.evidence.worlds import OPERATION, VERSION, World, counts, happened

if TYPE_CHECKING:
    from bridge.evidence import Evidence
    from bridge.evidence.guard import Guard

SETTINGS = GuardSettings(every=5.0, window=60.0, breaches=3, hold=600.0)
EASY = PromotionPolicy(min_checked=10, max_mismatch_rate=0.5, min_served=10, max_latency_ratio=5.0)
PLAN = Plan.parse("5 → 25 → 100 %", hold_s=60)


def guard(evidence: Evidence) -> Guard:
    assert evidence._guard is not None
    return evidence._guard


async def look(world: World, times: int = 1, *, evidence: Evidence | None = None, **by_path: Counts) -> None:
    """Let time pass, the same happen, and the guard look, so many times."""
    for _ in range(times):
        world.clock.now += 5.0
        if by_path:
            await world.happened(**by_path)
        await guard(evidence or world.evidence).look()


async def changed(world: World, to: str) -> None:
    """Move the operation, at the time of the world's clock."""
    await world.stages.change(OPERATION, to, who="ada", why="test")
    world.clock.now = (await world.stages.history(OPERATION))[0].at.timestamp()


FAILING, FINE = counts(50, server_errors=25), counts(50)


@pytest.mark.parametrize("stage", ["canary 25 %", "verify", "native"])
async def test_a_port_that_fails_is_rolled_back_with_the_numbers(stage: str, caplog: pytest.LogCaptureFixture) -> None:
    world = World(stage, guard=SETTINGS)
    await look(world, 2, native=FAILING, bridged=FINE)
    assert world.stage == stage
    await look(world, native=FAILING, bridged=FINE)
    assert world.stage == "shadow"
    (change,) = await world.stages.history(OPERATION)
    assert change.who == "guard"
    assert "the port failed 75 of 150 requests, the legacy path 0 of 150" in change.why
    assert VERSION in change.why
    assert [record.levelno for record in caplog.records if "is rolled back" in record.getMessage()] == [logging.ERROR]


async def test_it_is_rolled_back_to_where_the_settings_say() -> None:
    world = World("native", guard=GuardSettings(breaches=1, roll_back_to="legacy"))
    await look(world, native=FAILING)
    assert world.stage == "legacy"


@pytest.mark.parametrize("stage", ["legacy", "shadow"])
async def test_where_the_port_does_not_serve_nothing_is_rolled_back(stage: str) -> None:
    world = World(stage, guard=SETTINGS)
    await look(world, 5, native=FAILING, bridged=FINE)
    assert await world.stages.history(OPERATION) == []


async def test_a_healthy_port_stays() -> None:
    world = World("canary 25 %", guard=SETTINGS)
    await look(world, 20, native=FINE, bridged=FINE)
    assert await world.stages.history(OPERATION) == []
    report = world.evidence.guarded()[OPERATION]
    assert report.look is not None
    assert report.look.health.value == "healthy"


async def test_two_guards_act_once() -> None:
    world = World("canary 25 %", guard=SETTINGS)
    other = world.another(guard=SETTINGS)
    change, conflicts = world.stages.change, 0

    async def counted(*args: Any, **options: Any) -> Any:
        nonlocal conflicts
        try:
            return await change(*args, **options)
        except StageConflict:
            conflicts += 1
            raise

    # Both see the operation at the same version, as two processes do before either change has reached the other.
    version = world.stages.version(OPERATION)
    world.stages.version = lambda operation: version  # type: ignore[method-assign]  # replaced for the test
    world.stages.change = counted  # type: ignore[method-assign]  # replaced for the test
    setting = world.stages.snapshot()
    world.stages.snapshot = lambda: setting  # type: ignore[method-assign]  # replaced for the test
    for _ in range(3):
        await look(world, native=FAILING, bridged=FINE)
        await guard(other).look()
    assert conflicts == 1
    assert len(await world.stages.history(OPERATION)) == 1
    assert len(await world.store.documents("rollback", OPERATION)) == 1


async def test_what_happened_before_a_change_is_not_held_against_it() -> None:
    world = World("native", guard=SETTINGS)
    await look(world, 3, native=FAILING, bridged=FINE)
    assert world.stage == "shadow"
    await changed(world, "canary 5 %")
    await world.happened(native=FAILING)  # in the window that has begun before the change
    world.clock.now += 15.0
    await look(world, 10)
    assert world.stage == "canary 5 %"


async def test_a_legacy_path_that_serves_nobody_any_more_is_remembered() -> None:
    world = World("native", guard=GuardSettings(breaches=1))
    await world.happened(bridged=counts(1000, server_errors=600))
    world.clock.now += 3600.0
    await look(world, native=counts(50, server_errors=30))
    assert world.stage == "native", "it fails no more than the legacy path did"
    await look(world, native=counts(500, server_errors=500))
    assert world.stage == "shadow"


async def test_another_version_is_judged_by_its_own_guard() -> None:
    world = World("native", guard=GuardSettings(breaches=1))
    world.clock.now += 5.0
    await world.happened_to("b" * 12, native=FAILING)
    await look(world)
    assert world.stage == "native"


async def test_a_plan_leads_from_shadow_to_its_end() -> None:
    world = World("shadow", guard=SETTINGS, policy=EASY, plan=PLAN)
    await world.happened(native=Counts(matched=100))
    stages: list[str] = []
    for _ in range(60):
        await look(world, native=FINE if world.stage != "shadow" else Counts(), bridged=FINE)
        if stages[-1:] != [world.stage]:
            stages.append(world.stage)
            if history := await world.stages.history(OPERATION):
                # The store uses the clock of this machine, and the guard the one of the test.
                world.clock.now = max(history[0].at.timestamp(), world.clock.now)
    assert stages == ["shadow", "canary 5 %", "canary 25 %", "canary 100 %"]
    assert {change.who for change in await world.stages.history(OPERATION)} == {"plan"}
    assert [each.to for each in await world.evidence.certificates(OPERATION)] == [
        "canary 100 %",
        "canary 25 %",
        "canary 5 %",
    ]


async def test_a_plan_waits_for_the_evidence_and_says_for_what() -> None:
    world = World("shadow", guard=SETTINGS, plan=PLAN)
    await look(world, 14)
    assert world.stage == "shadow"
    assert world.evidence.guarded()[OPERATION].waiting_for == ("2,995 more checked exchanges without a mismatch",)


async def test_a_plan_for_one_operation_leaves_the_others() -> None:
    world = World("shadow", guard=SETTINGS, policy=EASY, plan={"GET /others": PLAN})
    await world.happened(native=Counts(matched=100))
    await look(world, 30)
    assert world.stage == "shadow"


async def test_an_inconclusive_window_pauses_the_plan() -> None:
    world = World("shadow", guard=SETTINGS, policy=EASY, plan=PLAN)
    await changed(world, "canary 5 %")
    await world.happened(native=counts(500, matched=100), bridged=counts(500))
    world.clock.now += 300.0
    await look(world, 10, native=counts(1), bridged=FINE)
    assert world.stage == "canary 5 %"
    await look(world, native=FINE, bridged=FINE)
    assert world.stage == "canary 25 %"


async def rolled_back(**options: Any) -> World:
    world = World("shadow", policy=EASY, plan=PLAN, **options)
    await changed(world, "canary 5 %")
    await world.happened(native=counts(500, matched=100), bridged=counts(500))
    world.clock.now += 100.0
    await look(world, 3, native=FAILING, bridged=FINE)
    assert world.stage == "shadow"
    return world


async def test_a_version_that_was_rolled_back_is_not_promoted_again_by_the_plan() -> None:
    world = await rolled_back(guard=SETTINGS)
    for _ in range(5):
        world.clock.now += 10_000.0
        await look(world)
    assert world.stage == "shadow"


async def test_another_version_is_promoted_by_the_plan_again() -> None:
    world = await rolled_back(guard=SETTINGS)
    world.version = "b" * 12
    await world.happened_to(world.version, native=Counts(matched=100))
    world.clock.now += 100.0
    await look(world)
    assert world.stage == "canary 5 %"


async def test_with_retry_the_plan_goes_on_after_the_hold() -> None:
    world = await rolled_back(guard=GuardSettings(breaches=3, hold=600.0, retry=True))
    world.clock.now += 580.0
    await look(world)
    assert world.stage == "shadow"
    world.clock.now += 100.0
    await look(world)
    assert world.stage == "canary 5 %"


async def test_what_is_held_is_promoted_by_force_only() -> None:
    world = await rolled_back(guard=SETTINGS)
    world.clock.now += 100.0
    assessment = await world.evidence.assess(OPERATION, "canary 5 %")
    (missing,) = assessment.missing
    assert missing == "find out why it was rolled back, and wait"
    assert assessment.bounds["hold"] == pytest.approx(500.0, abs=1)
    world.clock.now += 500.0
    assert (await world.evidence.assess(OPERATION, "canary 5 %")).granted


async def test_requests_are_served_between_the_operations_of_a_look() -> None:
    world, happened = World("shadow", plan=PLAN), list[str]()
    for number in range(3):
        world.stages.declare(f"GET /{number}", ported=True, default="shadow")

    def hooks(operation: str) -> list[str]:
        happened.append(operation)
        return []

    world.evidence.bind(world.stages, Operations(lambda _: VERSION, hooks))

    async def serve() -> None:
        while True:
            happened.append("request")
            await asyncio.sleep(0)

    await look(world)
    world.clock.now += 60.0
    requests = asyncio.create_task(serve())
    await guard(world.evidence).look()
    requests.cancel()
    assert happened == ["GET /0", "request", "GET /1", "request", "GET /2", "request", OPERATION, "request"]


async def test_a_guard_whose_store_is_down_moves_nothing_and_sees_again(caplog: pytest.LogCaptureFixture) -> None:
    world = World("canary 25 %", guard=SETTINGS)
    read, is_down = world.store.read, True

    async def sometimes(*args: Any, **options: Any) -> Any:
        if is_down:
            msg = "down"
            raise EvidenceStoreUnavailable(msg)
        return await read(*args, **options)

    world.store.read = sometimes  # type: ignore[method-assign]  # replaced for the test
    await world.evidence.start()
    for _ in range(4):
        await world.happened(native=FAILING, bridged=FINE)
        await world.clock.advance(5.0)
    assert world.stage == "canary 25 %"
    is_down = False
    for _ in range(3):
        await world.happened(native=FAILING, bridged=FINE)
        await world.clock.advance(5.0)
    assert world.stage == "shadow"
    warned = [record.getMessage() for record in caplog.records if "the guard sees" in record.getMessage()]
    assert warned == ["the guard sees nothing, so it moves nothing: down [evidence-store-unavailable]", "the guard sees again"]  # fmt: skip
    await world.evidence.close()


class Refusing(World):
    """Two operations that fail, and stages that are changed elsewhere until they can be changed here."""

    OTHER = "GET /a"

    def __init__(self, error: Exception) -> None:
        super().__init__("native", guard=SETTINGS)
        self.stages.declare(self.OTHER, ported=True, default="native")
        self.error: Exception | None = error
        self.is_changed_all_the_same = False
        self._change = self.stages.change
        self.stages.change = self._try  # type: ignore[method-assign]  # replaced for the test

    async def _try(self, *args: Any, **options: Any) -> Any:
        if self.error is None or self.is_changed_all_the_same:
            change = await self._change(*args, **options)
        if self.error is not None:
            raise self.error
        return change

    async def fail(self, looks: int, *operations: str) -> None:
        for _ in range(looks):
            self.clock.now += SETTINGS.every
            for operation in operations:
                await happened(self.store, self.clock, {Path.NATIVE: FAILING, Path.BRIDGED: FINE}, operation=operation)
            await guard(self.evidence).look()

    async def documents(self) -> list[str]:
        return [each.operation for each in await self.store.documents("rollback")]


REFUSALS = [StageStoreReadOnly("flags are changed elsewhere"), StageStoreUnavailable("down"), KeyError("a store of others")]  # fmt: skip


@pytest.mark.parametrize("error", REFUSALS, ids=lambda error: type(error).__name__)
async def test_what_cannot_be_rolled_back_leaves_nothing_behind_and_keeps_back_no_other(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    world = Refusing(error)
    await world.fail(10, world.OTHER, OPERATION)
    assert await world.documents() == []
    logged = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert len(logged) == 2, "each operation once, and not at every look"
    assert all("the port failed" in message and str(error) in message for message in logged)
    assert set(world.evidence.guarded()) == {world.OTHER, OPERATION}
    world.error = None
    await world.fail(1, world.OTHER, OPERATION)
    assert {str(setting) for setting in world.stages.snapshot().values()} == {"shadow"}
    assert sorted(await world.documents()) == [world.OTHER, OPERATION]


async def test_what_cannot_be_rolled_back_is_said_again_every_ten_minutes(caplog: pytest.LogCaptureFixture) -> None:
    world = Refusing(REFUSALS[0])
    await world.fail(3 + 120 + 1, OPERATION)
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 2


async def test_a_roll_back_whose_answer_is_lost_holds_the_version() -> None:
    world = Refusing(StageStoreUnavailable("no answer"))
    world.evidence = world.another(guard=SETTINGS, plan=PLAN)
    world.is_changed_all_the_same = True
    await world.fail(3, OPERATION)
    assert world.stage == "shadow"
    assert await world.documents() == []
    world.error = None
    await world.fail(30, OPERATION)
    assert world.stage == "shadow"
    assert await world.documents() == [OPERATION]


async def test_the_document_of_such_a_roll_back_is_kept_once_the_store_takes_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = Refusing(StageStoreUnavailable("no answer"))
    world.evidence = world.another(guard=SETTINGS, plan=PLAN)
    world.is_changed_all_the_same = True
    await world.fail(3, OPERATION)
    world.error = None

    async def full(_document: object) -> None:
        raise EvidenceStoreUnavailable("full")

    with monkeypatch.context() as patch:
        patch.setattr(world.store, "keep", full)
        with pytest.raises(EvidenceStoreUnavailable):
            await world.fail(1, OPERATION)
    await world.fail(1, OPERATION)
    assert await world.documents() == [OPERATION]


async def test_a_guard_over_stages_that_are_changed_elsewhere_says_so_at_the_start(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Elsewhere(MemoryStageStore):
        read_only = True

    world = World("native")
    world.stages = Stages({OPERATION: "native"}, store=Elsewhere())
    world.stages.declare(OPERATION, ported=True)
    world.evidence = world.another()
    await world.evidence.start()
    await world.evidence.close()
    (message,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert "the guard can roll nothing back" in message


async def test_an_operation_without_a_port_here_is_left_alone() -> None:
    world = World("native", guard=GuardSettings(breaches=1))
    world.version = None  # type: ignore[assignment]  # no port
    await look(world, native=FAILING)
    assert world.stage == "native"
