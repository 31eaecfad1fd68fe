"""Nothing goes forward without evidence, and back at any time."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import (
    EvidenceStoreUnavailable,
    InvalidEvidenceSetting,
    NotInstalled,
    PromotionRefused,
    StageConflict,
    StageStoreReadOnly,
    StageStoreUnavailable,
    UnknownOperation,
)
from bridge.evidence import (
    Assessment,
    Counts,
    Document,
    Evidence,
    EvidenceSettings,
    Operations,
    Plan,
    PromotionPolicy,
    Requirement,
)
from bridge.evidence.requirements import is_promotion
from bridge.shadow import Ignore
from bridge.stages import Path, Stage, StageSetting
from tests.unit.evidence.worlds import OPERATION, VERSION, World, counts

GOOD = counts(5000, 0.010, matched=2900, excused=95)
PAST_THE_FIRST_CANARY = "hooks hold checked checked_mismatch_rate checked_not_comparable served error_rate client_error_rate latency_median latency_p95"
SETTINGS = ["legacy", "shadow", "canary 0 %", "canary 5 %", "canary 25.5 %", "canary 100 %", "verify", "native"]


def requirement(assessment: Assessment, name: str) -> Requirement:
    (found,) = [each for each in assessment.requirements if each.name == name]
    return found


async def assessed(stage: str, to: str, *, hooks: list[str] | None = None, **by_path: Counts) -> Assessment:
    world = World(stage)
    world.hooks = hooks or []
    await world.happened(**by_path)
    return await world.evidence.assess(OPERATION, to)


@pytest.mark.parametrize(
    ("stage", "to", "names"),
    [
        ("legacy", "shadow", "hooks"),
        ("shadow", "canary 5 %", "hooks hold checked checked_mismatch_rate checked_not_comparable"),
        ("legacy", "canary 5 %", "hooks hold checked checked_mismatch_rate checked_not_comparable"),
        (
            "canary 5 %",
            "canary 25 %",
            PAST_THE_FIRST_CANARY,
        ),
        (
            "shadow",
            "native",
            PAST_THE_FIRST_CANARY,
        ),
        (
            "verify",
            "native",
            f"{PAST_THE_FIRST_CANARY} verified verified_mismatch_rate verified_not_comparable",
        ),
    ],
)
async def test_each_step_needs_evidence_of_its_own(stage: str, to: str, names: str) -> None:
    assessment = await assessed(stage, to)
    assert [each.name for each in assessment.requirements] == names.split()
    assert assessment.granted is (to == "shadow")


@pytest.mark.parametrize("to", SETTINGS[3:])
async def test_good_evidence_is_granted_every_step(to: str) -> None:
    for stage in ("canary 1 %", "verify"):
        if is_promotion(StageSetting.parse(stage), StageSetting.parse(to)):
            assessment = await assessed(stage, to, native=GOOD, bridged=GOOD)
            assert assessment.granted, str(assessment)
            assert assessment.missing == ()


@given(st.sampled_from(SETTINGS), st.sampled_from(SETTINGS))
def test_settings_are_in_one_order(one: str, other: str) -> None:
    before, after = SETTINGS.index(one), SETTINGS.index(other)
    assert is_promotion(StageSetting.parse(one), StageSetting.parse(other)) is (after > before)


async def test_what_is_missing_is_said_in_numbers() -> None:
    assessment = await assessed("shadow", "canary 5 %", native=Counts(matched=1))
    assert assessment.missing == ("2,994 more checked exchanges without a mismatch",)
    assert "no   checked_mismatch_rate" in str(assessment)
    assert "may not be promoted yet from 'shadow' to 'canary 5 %'" in str(assessment)
    assert VERSION in str(assessment)


@pytest.mark.parametrize(("matched", "granted"), [(2994, False), (2995, True)])
async def test_2995_checks_without_a_mismatch_are_enough(matched: int, *, granted: bool) -> None:
    assert (await assessed("shadow", "canary 5 %", native=Counts(matched=matched))).granted is granted


async def test_a_mismatch_asks_for_more_checks_and_names_the_rule() -> None:
    mismatched = Counts(matched=2999, mismatched=1, rules={"json.key_order": 1})
    assessment = await assessed("shadow", "canary 5 %", native=mismatched)
    found = requirement(assessment, "checked_mismatch_rate")
    assert not found.met
    assert found.number == pytest.approx(0.00158, abs=1e-5)
    assert found.missing == "1,742 more checked exchanges without a further mismatch; first mend json.key_order 1 times"


async def test_the_checks_have_to_have_a_verdict() -> None:
    assessment = await assessed("shadow", "canary 5 %", native=Counts(matched=3000, not_comparable=1000))
    assert [each.name for each in assessment.requirements if not each.met] == ["checked_not_comparable"]


async def test_checks_of_another_version_do_not_count() -> None:
    world = World("shadow")
    await world.happened_to("b" * 12, native=GOOD)
    assessment = await world.evidence.assess(OPERATION, "canary 5 %")
    assert requirement(assessment, "checked").number == 0


async def test_what_this_process_has_just_counted_counts() -> None:
    world = World("canary 5 %")
    world.evidence.tallies.served(OPERATION, Path.NATIVE, VERSION, 200, None, 0.01)
    assert (await world.evidence.assess(OPERATION, "native")).observed.native.served == 1
    assert (await world.evidence.observed(OPERATION)).native.served == 1


async def test_a_hook_that_nobody_declared_stands_in_the_way() -> None:
    assessment = await assessed("legacy", "shadow", hooks=["shop.hooks.login"])
    assert assessment.missing == ("declare shop.hooks.login with HookDeclarations",)
    world = World("legacy", policy=PromotionPolicy(require_hooks=False))
    world.hooks = ["shop.hooks.login"]
    assert (await world.evidence.assess(OPERATION, "shadow")).granted


@pytest.mark.parametrize(
    ("native", "legacy", "unmet"),
    [
        ({"server_errors": 200}, {}, {"error_rate"}),
        ({"exceptions": 200}, {}, {"error_rate"}),
        ({"server_errors": 200}, {"server_errors": 200}, set()),
        ({"client_errors": 2000}, {"client_errors": 500}, {"client_error_rate"}),
        ({"client_errors": 2000}, {"client_errors": 2000}, set()),
        ({"seconds": 0.030}, {}, {"latency_median", "latency_p95"}),
        ({"seconds": 0.010}, {"seconds": 0.030}, set()),
        ({"served": 499}, {}, {"served"}),
        ({}, {"served": 400}, {"served"}),
    ],
)
async def test_the_port_is_held_against_the_legacy_path(native: dict[str, Any], legacy: dict[str, Any], unmet: set[str]) -> None:  # fmt: skip
    sides = [counts(**{"served": 5000, "matched": 3000, **side}) for side in (native, legacy)]
    assessment = await assessed("canary 5 %", "canary 25 %", native=sides[0], flask=sides[1])
    assert {each.name for each in assessment.requirements if not each.met} == unmet, str(assessment)


async def test_without_requests_on_the_legacy_path_nothing_can_be_compared() -> None:
    assessment = await assessed("canary 100 %", "native", native=GOOD)
    assert set(assessment.missing) == {
        "500 more requests served on the legacy path",
        "requests on both paths to compare",
    }


async def test_an_estimate_says_how_many_more_requests_it_takes() -> None:
    few = counts(500, matched=3000, server_errors=6)
    assessment = await assessed("canary 5 %", "canary 25 %", native=few, bridged=few)
    (missing,) = assessment.missing
    found = re.match(r"about ([\d,]+) more requests", missing)
    assert found, missing
    scale = 1 + int(found[1].replace(",", "")) / 500
    more = counts(round(500 * scale), matched=3000, server_errors=round(6 * scale))
    assert (await assessed("canary 5 %", "canary 25 %", native=more, bridged=more)).granted


async def test_no_number_of_requests_makes_up_for_a_bad_port() -> None:
    bad = counts(5000, matched=3000, server_errors=500)
    assessment = await assessed("canary 5 %", "canary 25 %", native=bad, bridged=counts(5000))
    assert assessment.missing == ("a port that fails less",)
    slow = counts(5000, 0.1, matched=3000)
    assessment = await assessed("canary 5 %", "canary 25 %", native=slow, bridged=counts(5000))
    assert set(assessment.missing) == {"a better port: more requests like these would not do"}


async def test_verify_asks_for_checks_of_the_legacy_path() -> None:
    assessment = await assessed("verify", "native", native=GOOD, bridged=counts(5000))
    assert {each.name for each in assessment.requirements if not each.met} == {"verified", "verified_mismatch_rate"}
    assert assessment.missing[0] == "2,995 more checked exchanges at stage verify without a mismatch"


async def test_a_promotion_without_evidence_is_refused_with_the_numbers() -> None:
    world = World("shadow")
    with pytest.raises(PromotionRefused, match="2,995 more checked exchanges") as refused:
        await world.evidence.promote(OPERATION, "canary 5 %", who="ada", why="let us see")
    assert isinstance(refused.value.assessment, Assessment)
    assert not refused.value.assessment.granted
    assert world.stage == "shadow"
    assert await world.evidence.certificates(OPERATION) == []


async def test_a_promotion_moves_the_operation_and_leaves_a_certificate() -> None:
    world = World("shadow")
    world.ignores = [Ignore("json.key_order", "$.a", reason="SHOP-12", until=date(2027, 1, 31))]
    await world.happened(native=GOOD)
    change = await world.evidence.promote(OPERATION, "canary 5 %", who="ada", why="it is ready")
    assert (change.after, change.who, change.why) == ("canary 5 %", "ada", "it is ready")
    assert world.stage == "canary 5 %"
    (certificate,) = await world.evidence.certificates(OPERATION)
    assert (certificate.before, certificate.to, certificate.version) == ("shadow", "canary 5 %", VERSION)
    assert (certificate.who, certificate.why, certificate.forced) == ("ada", "it is ready", False)
    content = json.loads(json.dumps(dict(certificate.content), allow_nan=False))
    assert content["counts"]["native"]["matched"] == 2900
    assert content["ignores"] == [
        {"rule": "json.key_order", "where": "$.a", "reason": "SHOP-12", "until": "2027-01-31"}
    ]
    assert content["policy"]["max_mismatch_rate"] == 0.001
    assert {each["name"]: each["met"] for each in content["requirements"]}["checked"] is True
    assert await world.evidence.certificates("GET /others") == []


async def test_force_needs_a_reason_and_is_recorded_with_what_was_missing() -> None:
    world = World("shadow")
    with pytest.raises(PromotionRefused, match="without a reason"):
        await world.evidence.promote(OPERATION, "native", who="ada", why=" ", force=True)
    assert world.stage == "shadow"
    await world.evidence.promote(OPERATION, "native", who="ada", why="the legacy code is on fire", force=True)
    assert world.stage == "native"
    (certificate,) = await world.evidence.certificates()
    assert certificate.forced
    json.dumps(dict(certificate.content), allow_nan=False)
    assert not all(each["met"] for each in certificate.content["requirements"])


async def test_a_difference_that_does_not_count_is_not_said_to_take_no_time() -> None:
    assessment = await assessed(
        "canary 5 %", "native", native=counts(served=2000, seconds=0.004), bridged=counts(served=2000, seconds=0.003)
    )
    found = requirement(assessment, "latency_median")
    assert found.met
    assert "ms, within the 5 ms that do not count, and" in found.found


async def test_force_that_was_not_needed_is_no_force() -> None:
    world = World("shadow")
    await world.happened(native=GOOD)
    await world.evidence.promote(OPERATION, "canary 5 %", who="ada", why="ready", force=True)
    assert not (await world.evidence.certificates())[0].forced


@pytest.mark.parametrize(("stage", "to"), [("native", "legacy"), ("native", "canary 5 %"), ("canary 50 %", "canary 5 %"), ("verify", "shadow")])  # fmt: skip
async def test_a_step_back_never_asks(stage: str, to: str) -> None:
    world = World(stage)
    world.hooks = ["shop.hooks.login"]

    async def unavailable(*_: Any, **__: Any) -> Any:
        msg = "down"
        raise EvidenceStoreUnavailable(msg)

    world.store.read = world.store.keep = world.store.add = unavailable  # type: ignore[method-assign]  # replaced for the test
    await world.evidence.promote(OPERATION, to, who="ada", why="trouble")
    assert world.stage == to
    assert await world.evidence.certificates() == []


async def test_somebody_elses_change_in_between_is_a_conflict_and_leaves_no_certificate() -> None:
    world = World("shadow")
    await world.happened(native=GOOD)
    keep = world.store.keep

    async def while_somebody_else_changes_it(document: Document) -> None:
        await keep(document)
        await world.stages.change(OPERATION, "legacy", who="bob", why="trouble")

    world.store.keep = while_somebody_else_changes_it  # type: ignore[method-assign]  # replaced for the test
    with pytest.raises(StageConflict):
        await world.evidence.promote(OPERATION, "canary 5 %", who="ada", why="ready")
    assert world.stage == "legacy"
    assert await world.evidence.certificates() == []


async def test_a_change_whose_answer_was_lost_counts_as_granted_and_not_as_certified() -> None:
    world = World("shadow")
    await world.happened(native=GOOD)
    change = world.stages.change

    async def lost(*arguments: Any, **options: Any) -> Any:
        await change(*arguments, **options)
        msg = "no answer"
        raise StageStoreUnavailable(msg)

    world.stages.change = lost  # type: ignore[method-assign]  # replaced for the test
    with pytest.raises(StageStoreUnavailable):
        await world.evidence.promote(OPERATION, "canary 5 %", who="ada", why="ready")
    world.stages.change = change  # type: ignore[method-assign]  # replaced for the test
    assert await world.evidence.certificates() == []
    await world.evidence.start()
    assert world.stage == "canary 5 %"
    await world.evidence.close()
    world.version = "b" * 12
    other = world.another()
    await other.start()
    assert world.stage == "shadow"
    await other.close()


async def test_attempts_that_are_not_answered_leave_one_intent_until_one_goes_through() -> None:
    """A plan tries again at every look, for as long as the stages cannot be changed."""
    world = World("shadow")
    await world.happened(native=GOOD)
    change = world.stages.change

    async def unavailable(*_: Any, **__: Any) -> Any:
        msg = "down"
        raise StageStoreUnavailable(msg)

    world.stages.change = unavailable  # type: ignore[method-assign]  # replaced for the test
    for _ in range(5):
        with pytest.raises(StageStoreUnavailable):
            await world.evidence.promote(OPERATION, "canary 5 %", who="ada", why="ready")
        assert len(await world.store.documents("intent")) == 1
    world.stages.change = change  # type: ignore[method-assign]  # replaced for the test
    await world.evidence.promote(OPERATION, "canary 5 %", who="ada", why="ready")
    assert await world.store.documents("intent") == []
    assert len(await world.evidence.certificates()) == 1


async def test_a_promotion_whose_certificate_cannot_be_kept_afterwards_has_happened(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World("shadow")
    await world.happened(native=GOOD)
    keep = world.store.keep

    async def only_intents(document: Document) -> None:
        if document.kind != "intent":
            msg = "down"
            raise EvidenceStoreUnavailable(msg)
        await keep(document)

    world.store.keep = only_intents  # type: ignore[method-assign]  # replaced for the test
    change = await world.evidence.promote(OPERATION, "canary 5 %", who="ada", why="ready")
    assert (change.after, world.stage) == ("canary 5 %", "canary 5 %")
    assert "still kept as an intent" in caplog.text
    assert [each.kind for each in await world.store.documents("intent")] == ["intent"]


async def test_an_operation_that_nobody_declared_leaves_no_certificate() -> None:
    world = World()
    with pytest.raises(UnknownOperation):
        await world.evidence.promote("GET /nowhere", "shadow", who="ada", why="ready")
    assert await world.evidence.certificates() == []


def test_evidence_without_stages_says_so() -> None:
    with pytest.raises(NotInstalled, match="bound to no stages"):
        Evidence()._promoting()


@pytest.mark.parametrize(
    "setting",
    [{"confidence": 0.5}, {"confidence": 1.0}, {"max_mismatch_rate": 0.0}, {"max_mismatch_rate": 1.5}, {"min_checked": -1}, {"min_served": -1}, {"max_latency_ratio": 0.0}, {"latency_tolerance": -1.0}, {"max_not_comparable": 2.0}],
)  # fmt: skip
def test_a_policy_that_means_nothing_is_refused(setting: dict[str, Any]) -> None:
    with pytest.raises(InvalidEvidenceSetting, match=next(iter(setting))):
        PromotionPolicy(**setting)


@pytest.mark.parametrize("name", ["GET /user", "GET /users/*"])
async def test_there_is_no_evidence_of_what_is_not_one_operation(name: str) -> None:
    """Or a step back of it would be granted, and its numbers be zeros."""
    evidence = World("shadow").evidence
    with pytest.raises(UnknownOperation, match=r"did you mean|one at a time"):
        await evidence.observed(name)
    for setting in ("legacy", "shadow"):
        with pytest.raises(UnknownOperation, match=r"did you mean|one at a time"):
            await evidence.assess(name, setting)


@pytest.mark.parametrize("name", ["GET /user", "GET /users/*"])
async def test_a_plan_for_what_is_not_one_operation_fails_the_start(name: str) -> None:
    evidence = World("shadow", plan={name: Plan.parse("5 → 100 %")}).evidence
    with pytest.raises(UnknownOperation, match=r"did you mean|one at a time"):
        await evidence.start()
    await World("shadow", plan={"*": Plan.parse("5 → 100 %")}).evidence.close()


# What became of a handler that is not the one its stage was granted for.


async def granted(to: str, **options: Any) -> World:
    world = World("shadow", **options)
    await world.evidence.promote(OPERATION, to, who="ada", why="for the test", force=True)
    return world


async def test_a_changed_port_falls_back_to_shadow_once() -> None:
    world = await granted("canary 25 %")
    world.version = "b" * 12
    processes = [world.evidence, world.another()]
    for evidence in processes:
        await evidence.start()
    assert world.stage == "shadow"
    history = await world.stages.history(OPERATION)
    assert len(history) == 2
    assert history[0].who == "bridge"
    assert f"granted for version {VERSION}, this is version {'b' * 12}" in history[0].why
    for evidence in processes:
        await evidence.close()


async def test_at_the_start_only_ports_whose_stage_was_granted_are_looked_at() -> None:
    """To tell the version of a port takes milliseconds, and a start has to wait for it."""
    world, asked = World("shadow"), list[str]()
    for stage in ("legacy", "shadow", "verify", "native"):
        world.stages.declare(f"GET /{stage}", ported=True, default=stage)

    def version(operation: str) -> str:
        asked.append(operation)
        return VERSION

    world.evidence.bind(world.stages, Operations(version))
    await world.evidence.promote(OPERATION, "native", who="ada", why="for the test", force=True)
    asked.clear()
    await world.evidence.start()
    assert asked == [OPERATION]
    await world.evidence.close()


async def test_of_two_processes_that_see_a_changed_port_one_moves_it() -> None:
    world = await granted("canary 25 %")
    world.version = "b" * 12
    version, setting = world.stages.version(OPERATION), world.stages.get(OPERATION)
    # As two processes do before the change of either has reached the other.
    world.stages.version = lambda operation: version  # type: ignore[method-assign]  # replaced for the test
    world.stages.get = lambda operation: setting  # type: ignore[method-assign]  # replaced for the test
    moved = [await each._promoting().fall_back(OPERATION, "changed") for each in (world.evidence, world.another())]
    assert moved == [True, False]


async def test_a_changed_port_whose_stage_is_kept_elsewhere_is_an_error_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = await granted("native")

    async def refuse(*_: Any, **__: Any) -> None:
        raise StageStoreReadOnly("the file may not be written")

    world.stages.change = refuse  # type: ignore[assignment, method-assign]  # replaced for the test
    world.version = "b" * 12
    await world.evidence.start()
    (message,) = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert "cannot fall back to 'shadow', although its port has changed" in message
    assert "may not be written" in message
    assert world.evidence._task is None, "it is not tried again"
    await world.evidence.close()


async def test_a_changed_port_can_stay_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    world = await granted("native", settings=EvidenceSettings(on_changed_handler="warn"))
    world.version = "b" * 12
    await world.evidence.start()
    assert world.stage == "native"
    assert "stays where it is, although its port has changed" in caplog.text
    await world.evidence.close()


@pytest.mark.parametrize(
    ("granted_for", "now", "stage"),
    [
        ("a/b", "a/b", "native"),
        ("a/b", "a/c", "shadow"),
        ("a/b", "c/b", "shadow"),
        ("a/b", "a", "native"),
        ("a/b", "c", "shadow"),
        ("a", "a/b", "shadow"),
    ],
)
async def test_a_stage_outlives_its_legacy_code_but_no_change_of_it(granted_for: str, now: str, stage: str) -> None:
    world = World("shadow")
    world.version = granted_for
    await world.evidence.promote(OPERATION, "native", who="ada", why="for the test", force=True)
    world.version = now
    await world.evidence.start()
    assert world.stage == stage
    why = (await world.stages.history(OPERATION))[0].why
    assert ("the legacy side that its port was checked against has changed" in why) is (now == "a/c" or now == "a/b" != granted_for)  # fmt: skip
    await world.evidence.close()


async def test_the_port_that_was_granted_its_stage_stays() -> None:
    world = await granted("canary 25 %")
    await world.evidence.start()
    assert world.stage == "canary 25 %"
    await world.evidence.close()


async def test_a_port_that_was_granted_more_before_stays() -> None:
    """As after a deploy that was rolled back: the version before has its own certificate."""
    world = await granted("canary 50 %")
    world.version = "b" * 12
    await world.evidence.promote(OPERATION, "native", who="ada", why="test", force=True)
    await world.evidence.promote(OPERATION, "canary 25 %", who="ada", why="back")
    world.version = VERSION
    await world.evidence.start()
    assert world.stage == "canary 25 %"
    await world.evidence.close()


async def test_a_stage_that_somebody_set_without_a_promotion_stays() -> None:
    world = World("native")
    await world.evidence.start()
    assert world.stage == "native"
    await world.evidence.close()


async def test_a_store_that_is_down_at_start_up_is_asked_again() -> None:
    world = await granted("canary 25 %")
    world.version = "b" * 12
    documents, is_down = world.store.documents, True

    async def sometimes(*args: Any, **options: Any) -> Any:
        if is_down:
            msg = "down"
            raise EvidenceStoreUnavailable(msg)
        return await documents(*args, **options)

    world.store.documents = sometimes  # type: ignore[method-assign]  # replaced for the test
    await world.evidence.start()
    assert world.stage == "canary 25 %"
    is_down = False
    await world.clock.advance(6.0)
    assert world.stage == "shadow"
    await world.evidence.close()


def test_every_stage_is_in_the_order() -> None:
    assert [StageSetting.parse(text).stage for text in SETTINGS if " " not in text] == [
        stage for stage in Stage if stage is not Stage.CANARY
    ]
