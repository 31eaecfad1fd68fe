"""The stage of each operation."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from bridge import MemoryStageStore, NotPorted, Stage, Stages, StageSetting, UnknownOperation, UnknownStage

PORTED, BRIDGED = "GET /users/{user_id}", "GET /posts"
LEGACY, NATIVE = StageSetting(Stage.LEGACY), StageSetting(Stage.NATIVE)


def declared(settings: dict[str, str] | None = None, *, default: str = "legacy") -> Stages:
    stages = Stages(settings, default=default)
    stages.declare(PORTED, ported=True)
    stages.declare(BRIDGED, ported=False)
    return stages


def test_everything_starts_at_legacy() -> None:
    assert declared().snapshot() == {BRIDGED: LEGACY, PORTED: LEGACY}


def test_the_default_applies_only_to_what_is_ported() -> None:
    assert declared(default="native").snapshot() == {BRIDGED: LEGACY, PORTED: NATIVE}


def test_a_setting_goes_before_the_default() -> None:
    assert declared({PORTED: "legacy"}, default="native").get(PORTED) == LEGACY


def test_an_operation_that_nobody_declared_is_at_legacy() -> None:
    assert declared(default="native").get("GET /nowhere") == LEGACY


def test_setting_a_stage_returns_the_one_to_roll_back_to() -> None:
    stages = declared()
    before = stages.set(PORTED, "native")
    assert stages.get(PORTED) == NATIVE
    assert stages.set(PORTED, before) == NATIVE
    assert stages.get(PORTED) == LEGACY


def test_the_value_to_roll_back_to_is_the_default_where_nothing_was_set() -> None:
    assert declared(default="native").set(PORTED, "legacy") == NATIVE


@pytest.mark.parametrize("build", [lambda: Stages({PORTED: "nativ"}), lambda: Stages(default="fast")])
def test_an_unknown_stage_in_the_settings_is_refused_at_once(build: object) -> None:
    with pytest.raises(UnknownStage, match="use one of legacy, shadow, canary, verify, native"):
        build()  # type: ignore[operator]  # one of the two is not callable by its type


def test_an_unknown_stage_changes_nothing() -> None:
    stages = declared(default="native")
    with pytest.raises(UnknownStage, match="'nativ' is not a stage"):
        stages.set(PORTED, "nativ")
    assert stages.get(PORTED) == NATIVE


def test_an_unknown_operation_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UnknownOperation, match=r"did you mean 'GET /users/\{user_id\}'\?"):
        declared().set("GET /users/{id}", "native")


def test_an_operation_like_no_other_is_refused_with_all_names() -> None:
    with pytest.raises(UnknownOperation, match=r"declared are \['GET /posts', 'GET /users/\{user_id\}'\]"):
        declared().set("?", "native")


@pytest.mark.parametrize("setting", ["shadow", "legacy", "default"])
@pytest.mark.parametrize("name", ["GET /users/{id}", "POST /users*", "default", ""])
@pytest.mark.parametrize("shared", [False, True])
async def test_no_setting_is_changed_of_what_is_not_declared(name: str, setting: str, shared: bool) -> None:
    stages = Stages(store=MemoryStageStore() if shared else None)
    stages.declare(PORTED, ported=True)
    with pytest.raises(UnknownOperation, match="no route declares"):
        await stages.change(name, setting, who="ada", why="a slip")
    assert await stages.history() == []


@pytest.mark.parametrize("name", ["GET /gone", "GET /gone/*"])
async def test_what_the_store_holds_of_an_operation_that_is_gone_can_be_taken_away(name: str) -> None:
    store = MemoryStageStore()
    await store.change(name, "native", who="ada", why="long ago", expected=None)
    stages = Stages(store=store)
    stages.declare(PORTED, ported=True)
    with pytest.raises(UnknownOperation):
        await stages.change(name, "legacy", who="bob", why="to tidy up")
    assert (await stages.change(name, "default", who="bob", why="to tidy up")).before == "native"
    await stages.start()
    assert stages.status().ignored == {}
    await stages.close()


@pytest.mark.parametrize("name", [PORTED, "GET /users/*", "*"])
async def test_what_the_store_does_not_hold_can_be_taken_away_all_the_same(name: str) -> None:
    assert (await declared(default="native").change(name, "default", who="ada", why="to be sure")).before is None


def test_an_operation_without_a_port_cannot_go_native() -> None:
    stages = declared()
    with pytest.raises(NotPorted, match="port it first, or leave it at 'legacy'"):
        stages.set(BRIDGED, "native")
    assert stages.set(BRIDGED, "legacy") == LEGACY


def test_settings_are_checked_when_the_application_starts() -> None:
    declared({PORTED: "native", BRIDGED: "legacy"}).validate()
    with pytest.raises(UnknownOperation):
        declared({"GET /user": "native"}).validate()
    with pytest.raises(NotPorted):
        declared({BRIDGED: "native"}).validate()


def test_two_threads_are_not_told_to_roll_back_to_the_same_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two threads that move an operation to native at once, one is told that it was at legacy, the other at native."""
    stages, both_have_read = declared(), threading.Barrier(2)
    get = Stages.get

    def get_and_meet(self: Stages, operation: str) -> StageSetting:
        stage = get(self, operation)
        # Where setting is one step, the other thread does not get here, and this one goes on after a while.
        with suppress(threading.BrokenBarrierError):
            both_have_read.wait(0.3)
        return stage

    monkeypatch.setattr(Stages, "get", get_and_meet)
    with ThreadPoolExecutor(2) as threads:
        moves = [threads.submit(stages.set, PORTED, "native") for _ in range(2)]
        assert {move.result() for move in moves} == {LEGACY, NATIVE}


def test_stages_change_and_are_read_from_any_thread() -> None:
    """Every read sees one of the two stages, every write returns one, and the last write stays."""
    stages, start = declared(), threading.Barrier(8)
    names = [f"GET /{number}" for number in range(50)]
    for name in names:
        stages.declare(name, ported=True)

    def work(number: int) -> None:
        start.wait(10)
        for turn in range(100):
            name = names[(number + turn) % len(names)]
            assert stages.set(name, "native" if turn % 2 else "legacy") in {LEGACY, NATIVE}
            assert set(stages.snapshot().values()) <= {LEGACY, NATIVE}
            stages.validate()
            stages.declare(f"GET /{number}/{turn}", ported=True)

    with ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(work, number) for number in range(8)]:
            done.result()
    for name in names:
        stages.set(name, "native")
    assert {stages.get(name) for name in names} == {NATIVE}
