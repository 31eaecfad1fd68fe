"""Which setting counts, of all the places that name one."""

from __future__ import annotations

import pytest

from bridge import MemoryStageStore, NotPorted, Stages, UnknownOperation, UnknownStage

SHOW, LIST, PLAIN = "GET /users/{user_id}", "GET /users", "GET /posts"


def stages_with(
    settings: dict[str, str] | None = None, *, router: str | None = None, default: str = "legacy"
) -> Stages:
    stages = Stages(settings, default=default)
    for operation in (SHOW, LIST):
        stages.declare(operation, ported=True, default=router)
    stages.declare(PLAIN, ported=False, default=router)
    return stages


def shown(stages: Stages) -> dict[str, str]:
    return {operation: str(setting) for operation, setting in stages.snapshot().items()}


@pytest.mark.parametrize(
    ("settings", "router", "expected", "source"),
    [
        ({}, None, "verify", "default"),
        ({}, "shadow", "shadow", "router"),
        ({"*": "native"}, "shadow", "native", "settings, '*'"),
        ({"*": "native", "GET /users/*": "canary 5 %"}, "shadow", "canary 5 %", "settings, 'GET /users/*'"),
        ({"GET /users/*": "canary 5 %", "* /users/*": "native"}, None, "canary 5 %", "settings, 'GET /users/*'"),
        ({"GET /users/*": "native", "GET /*/{user_id}": "shadow"}, None, "shadow", "settings, 'GET /*/{user_id}'"),
        ({"*": "native", SHOW: "legacy"}, "shadow", "legacy", "settings"),
        ({"POST *": "native"}, None, "verify", "default"),
    ],
)
def test_an_exact_name_goes_before_a_pattern_and_that_before_the_router_and_the_default(
    settings: dict[str, str], router: str | None, expected: str, source: str
) -> None:
    stages = stages_with(settings, router=router, default="verify")
    assert (str(stages.get(SHOW)), stages.source(SHOW)) == (expected, source)


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_equally_narrow_patterns_the_same_one_counts_whatever_the_order(order: int) -> None:
    settings = dict([("GET /users/*", "native"), ("*T /users/*", "shadow"), ("GE* /users/*", "verify")][::order])
    assert str(stages_with(settings).get(SHOW)) == "native"
    tied = dict([("*T /users/*", "shadow"), ("G* /users/*", "verify")][::order])
    assert str(stages_with(tied).get(SHOW)) == "verify"


def test_a_pattern_is_literal_but_for_its_wildcards() -> None:
    stages = Stages({"GET /a.[b]?*": "native"})
    for operation in ("GET /a.[b]?c", "GET /axb?c", "GET /a.b"):
        stages.declare(operation, ported=True)
    assert shown(stages) == {"GET /a.[b]?c": "native", "GET /axb?c": "legacy", "GET /a.b": "legacy"}


@pytest.mark.parametrize("settings", [{"*": "native"}, {"GET /p*": "native"}])
def test_a_pattern_a_router_and_the_default_move_only_what_has_a_port(settings: dict[str, str]) -> None:
    stages = stages_with(settings, router="native", default="native")
    stages.validate()
    assert shown(stages)[PLAIN] == "legacy"
    assert stages.source(PLAIN) == "not ported"


def test_a_pattern_that_fits_nothing_is_found_when_the_application_starts() -> None:
    with pytest.raises(UnknownOperation, match=r"the pattern 'GET /usr\*' fits: declared are"):
        stages_with({"GET /usr*": "native"}).validate()


def test_a_router_whose_stage_does_not_exist_is_refused_at_once() -> None:
    with pytest.raises(UnknownStage):
        stages_with(router="nativ")


async def test_what_was_changed_goes_before_every_setting() -> None:
    stages = stages_with({SHOW: "native", "*": "native"}, router="shadow")
    await stages.change("GET *", "legacy", who="ada", why="an incident")
    assert shown(stages) == {SHOW: "legacy", LIST: "legacy", PLAIN: "legacy"}
    assert stages.source(SHOW) == "store, 'GET *'"
    await stages.change(SHOW, "canary 1 %", who="ada", why="a first try")
    assert shown(stages) == {SHOW: "canary 1 %", LIST: "legacy", PLAIN: "legacy"}


async def test_what_was_changed_can_be_taken_away() -> None:
    stages = stages_with({SHOW: "native"})
    change = await stages.change(SHOW, "legacy", who="ada", why="an incident")
    again = await stages.change(SHOW, "default", who="ada", why="it is over", expected=change.version)
    assert (str(stages.get(SHOW)), stages.source(SHOW)) == ("native", "settings")
    assert (again.before, again.after, again.version) == ("legacy", "default", 2)
    assert [(made.who, made.after) for made in await stages.history(SHOW)] == [("ada", "default"), ("ada", "legacy")]


@pytest.mark.parametrize(
    ("operation", "setting", "error"),
    [
        ("GET /nowhere", "native", UnknownOperation),
        ("PUT *", "native", UnknownOperation),
        (SHOW, "fast", UnknownStage),
        (PLAIN, "shadow", NotPorted),
    ],
)
async def test_a_change_that_cannot_be_reaches_no_store(operation: str, setting: str, error: type[Exception]) -> None:
    store = MemoryStageStore()
    stages = Stages(store=store)
    for name in (SHOW, LIST):
        stages.declare(name, ported=True)
    stages.declare(PLAIN, ported=False)
    with pytest.raises(error):
        await stages.change(operation, setting, who="ada", why="a typing error")
    assert await store.load() == {}
