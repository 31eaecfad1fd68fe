"""What every store does, whatever it keeps stages in."""

from __future__ import annotations

import asyncio
import random
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, TypeAlias

import pytest

from bridge import StageConflict, Stages
from bridge.stages import StageEntry
from tests.integration.server_side import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge import StageStore

    Open: TypeAlias = Callable[[], StageStore]

SHOW, LIST = "GET /users/{user_id}", "GET /users"
WITHIN_S = 1.0


def following(store: StageStore) -> Stages:
    stages = Stages(store=store)
    for operation in (SHOW, LIST):
        stages.declare(operation, ported=True)
    return stages


async def put(store: StageStore, operation: str, setting: str, *, who: str = "ada", expected: int | None = None) -> int:
    return (await store.change(operation, setting, who=who, why="a test", expected=expected)).version


async def test_a_store_without_changes_is_empty(open_store: Open) -> None:
    store = open_store()
    assert await store.load() == {}
    assert await store.history() == []
    assert await store.history(SHOW) == []


async def test_a_change_is_there_for_everybody_with_who_when_and_why(open_store: Open) -> None:
    store, other = open_store(), open_store()
    before = datetime.now(UTC)
    first = await store.change(SHOW, "shadow", who="ada", why="first", expected=0)
    second = await other.change(SHOW, "canary 2.5 %", who="bob", why="it matches", expected=1)
    await store.change(LIST, "native", who="ada", why="", expected=None)
    assert (first.before, first.after, first.version) == (None, "shadow", 1)
    assert (second.before, second.after, second.version) == ("shadow", "canary 2.5 %", 2)
    assert (
        await store.load() == await other.load() == {SHOW: StageEntry("canary 2.5 %", 2), LIST: StageEntry("native", 1)}
    )
    assert await store.history(SHOW) == [second, first]
    assert [change.operation for change in await store.history()] == [LIST, SHOW, SHOW]
    assert [change.operation for change in await store.history(limit=2)] == [LIST, SHOW]
    assert [change.after for change in await store.history(SHOW, limit=1)] == ["canary 2.5 %"]
    assert before - timedelta(seconds=1) < first.at <= second.at <= datetime.now(UTC)
    assert {change.at.utcoffset() for change in await store.history()} == {timedelta(0)}


async def test_whoever_comes_second_is_told_who_was_first(open_store: Open) -> None:
    store, other = open_store(), open_store()
    await put(store, SHOW, "shadow")
    made = await other.change(SHOW, "native", who="bob", why="in a hurry", expected=1)
    for expected in (0, 1, 3):
        with pytest.raises(StageConflict) as raised:
            await put(store, SHOW, "verify", expected=expected)
        said = str(raised.value)
        assert (
            f"is at version 2, not {expected}: bob set it to 'native' at {made.at:%Y-%m-%d %H:%M:%S} UTC (in a hurry)"
            in said
        )
    with pytest.raises(StageConflict, match=r"is at version 0, not 1\. Look at it again"):
        await put(store, LIST, "verify", expected=1)
    assert await store.load() == {SHOW: StageEntry("native", 2)}
    assert len(await store.history()) == 2


@pytest.mark.parametrize("first", [0, 1])
async def test_of_those_who_change_the_same_version_at_once_one_succeeds(open_store: Open, first: int) -> None:
    stores = [open_store() for _ in range(4)]
    for _ in range(first):
        await put(stores[0], SHOW, "shadow")
    results = await asyncio.gather(
        *(put(store, SHOW, "native", who=f"operator {n}", expected=first) for n, store in enumerate(stores * 2)),
        return_exceptions=True,
    )
    assert [result for result in results if not isinstance(result, StageConflict)] == [first + 1]
    assert len(await stores[0].history()) == first + 1


async def test_of_those_who_change_whatever_there_is_all_succeed_one_after_the_other(open_store: Open) -> None:
    stores = [open_store() for _ in range(3)]
    versions = await asyncio.gather(*(put(store, SHOW, f"canary {n} %") for n, store in enumerate(stores * 3)))
    assert sorted(versions) == list(range(1, 10))
    history = await stores[0].history(SHOW)
    assert [change.version for change in history] == list(range(9, 0, -1))
    assert [change.before for change in history[:-1]] == [change.after for change in history[1:]]
    assert await stores[0].load() == {SHOW: StageEntry(history[0].after, 9)}


async def test_any_order_of_changes_gives_what_the_last_ones_say(open_store: Open) -> None:
    chance = random.Random(6)
    stores = [open_store(), open_store()]
    model: dict[str, StageEntry] = {}
    for _ in range(30):
        operation, setting = chance.choice([SHOW, LIST, "GET *"]), chance.choice(["native", "legacy", "default"])
        version = model[operation].version if operation in model else 0
        expected = chance.choice([None, version, version + 1])
        if expected == version + 1:
            with pytest.raises(StageConflict):
                await put(chance.choice(stores), operation, setting, expected=expected)
        else:
            await put(chance.choice(stores), operation, setting, expected=expected)
            model[operation] = StageEntry(setting, version + 1)
    assert await stores[0].load() == await stores[1].load() == model


@pytest.mark.parametrize(
    "operation",
    ["GET /Users", "GET /üser/{größe}", "* /users/*", 'GET /it\'s "quoted" [x] = \\ % ?', "GET /" + "x" * 490],
)
async def test_any_name_is_a_name_of_its_own(open_store: Open, operation: str) -> None:
    store = open_store()
    await put(store, operation.lower(), "legacy")
    why = "line one\nline two; 'quoted' \"twice\" \\ ünïcode 🙂"
    await store.change(operation, "native", who="Ада", why=why, expected=None if operation.islower() else 0)
    loaded = await store.load()
    assert loaded[operation].setting == "native"
    assert operation == operation.lower() or loaded[operation.lower()].setting == "legacy"
    (change, *_) = await store.history(operation)
    assert (change.operation, change.who, change.why) == (operation, "Ада", why)


async def test_what_follows_is_told_at_once_and_after_each_change(open_store: Open) -> None:
    store, other = open_store(), open_store()
    await put(other, SHOW, "shadow")
    async with aclosing(store.follow()) as answers, asyncio.timeout(10):
        assert await anext(answers) == {SHOW: StageEntry("shadow", 1)}
        for version in (2, 3):
            await put(other, SHOW, "verify")
            while (entries := await anext(answers))[SHOW].version < version:
                pass
            assert entries == {SHOW: StageEntry("verify", version)}


async def test_a_change_reaches_everybody_within_a_second(open_store: Open) -> None:
    others = [following(open_store()) for _ in range(3)]
    one = following(open_store())
    await asyncio.gather(*(each.start() for each in (one, *others)))
    for number in range(1, 6):
        await one.change(SHOW, f"canary {number} %", who="ada", why="a ramp", expected=one.version(SHOW))
        assert one.get(SHOW).percent == number
        began = monotonic()
        await until(lambda number=number: all(each.get(SHOW).percent == number for each in others))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        assert monotonic() - began < WITHIN_S
    assert {each.version(SHOW) for each in (one, *others)} == {5}
    assert all(each.status().error is None and each.status().following for each in (one, *others))
    await asyncio.gather(*(each.close() for each in (one, *others)))


async def test_a_store_that_was_closed_is_opened_by_its_next_use(open_store: Open) -> None:
    store = open_store()
    await put(store, SHOW, "shadow")
    for version in (2, 3):
        await store.close()
        assert await put(store, SHOW, "native") == version
    stages = following(store)
    for _ in range(2):
        await stages.start()
        assert str(stages.get(SHOW)) == "native"
        await stages.close()


async def test_stopping_leaves_no_task_behind(open_store: Open) -> None:
    before = asyncio.all_tasks()
    stages = following(open_store())
    await stages.start()
    await stages.close()
    await until(lambda: asyncio.all_tasks() == before)


def test_a_store_is_named_without_its_password(open_store: Open) -> None:
    assert "pä:ss" not in repr(open_store())
    assert "p%C3%A4" not in repr(open_store())
