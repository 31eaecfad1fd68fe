"""What a process does with what its store says, and with a store that says nothing."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from bridge import (
    ChangeThroughStore,
    MemoryStageStore,
    StageChange,
    StageConflict,
    Stages,
    StageStoreUnavailable,
)
from bridge.stages import StageEntry, follower
from tests.integration.server_side import until

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

SHOW, LIST, PLAIN = "GET /users/{user_id}", "GET /users", "GET /posts"
Answer = dict[str, str] | Exception


class ScriptedStore:
    """Says what the test has it say, when the test has it say it."""

    def __init__(self) -> None:
        self.answers: asyncio.Queue[Answer] = asyncio.Queue()
        self.changed_to: list[str] = []
        self.closed = 0
        self._is_taken = False

    def __repr__(self) -> str:
        return "ScriptedStore()"

    async def load(self) -> Mapping[str, StageEntry]:
        raise NotImplementedError

    async def change(self, operation: str, setting: str, *, who: str, why: str, expected: int | None) -> StageChange:
        self.changed_to.append(setting)
        change = await MemoryStageStore().change(operation, setting, who=who, why=why, expected=None)
        return StageChange(operation, None, setting, 7, who, why, change.at)

    async def history(self, operation: str | None = None, *, limit: int = 100) -> Sequence[StageChange]:
        return []

    async def follow(self) -> AsyncGenerator[Mapping[str, StageEntry], None]:
        while True:
            # Asked again: the answer before has been dealt with.
            if self._is_taken:
                self.answers.task_done()
            self._is_taken = False
            answer = await self.answers.get()
            self._is_taken = True
            if isinstance(answer, Exception):
                raise answer
            yield {name: StageEntry(setting, 6) for name, setting in answer.items()}

    async def close(self) -> None:
        self.closed += 1


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower, "FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr(follower, "LONGEST_PAUSE_S", 0.002)


def following(store: ScriptedStore | MemoryStageStore, settings: dict[str, str] | None = None) -> Stages:
    stages = Stages(settings, store=store)
    for operation in (SHOW, LIST):
        stages.declare(operation, ported=True)
    stages.declare(PLAIN, ported=False)
    return stages


async def started(first: Answer, settings: dict[str, str] | None = None) -> tuple[Stages, ScriptedStore]:
    store = ScriptedStore()
    stages = following(store, settings)
    store.answers.put_nowait(first)
    await stages.start(patience=10)
    return stages, store


async def says(store: ScriptedStore, answer: Answer) -> None:
    """Have the store answer, and wait until the follower is done with it."""
    store.answers.put_nowait(answer)
    await asyncio.wait_for(store.answers.join(), 10)


def shown(stages: Stages) -> dict[str, str]:
    return {operation: str(setting) for operation, setting in stages.snapshot().items() if operation != PLAIN}


async def test_what_the_store_says_goes_before_the_settings_from_the_first_request_on() -> None:
    stages, _ = await started({SHOW: "canary 5 %"}, {SHOW: "native", LIST: "shadow"})
    assert shown(stages) == {SHOW: "canary 5 %", LIST: "shadow"}
    assert stages.source(SHOW) == "store"
    assert stages.version(SHOW) == 6
    assert stages.version(LIST) == 0
    await stages.close()


async def test_a_store_that_has_not_been_read_leaves_everything_at_legacy(caplog: pytest.LogCaptureFixture) -> None:
    """What was rolled back there must not come back because a worker starts while it is down."""
    stages = following(ScriptedStore(), {SHOW: "native"})
    assert shown(stages) == {SHOW: "legacy", LIST: "legacy"}
    assert stages.source(SHOW) == "the store has not been read yet"
    stages, _ = await started(OSError("no route to host"), {SHOW: "native"})
    assert shown(stages) == {SHOW: "legacy", LIST: "legacy"}
    assert "everything stays at 'legacy' until it can: no route to host" in caplog.text
    await stages.close()


async def test_an_application_starts_without_an_answer(caplog: pytest.LogCaptureFixture) -> None:
    store = ScriptedStore()
    stages = following(store, {SHOW: "native"})
    await stages.start(patience=0.01)
    assert stages.status().error == "no answer within 0.01 s"
    await says(store, {})
    assert shown(stages) == {SHOW: "native", LIST: "legacy"}
    assert stages.status().error is None
    await stages.close()


async def test_the_last_good_stages_stand_while_the_store_fails_and_the_status_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stages, store = await started({SHOW: "native"})
    read = stages.status()
    assert read.following
    assert read.answered_at == read.changed_at is not None
    with caplog.at_level(logging.INFO, "bridge.stages"):
        for _ in range(3):
            await says(store, ConnectionError("refused"))
            await says(store, StageStoreUnavailable("still refused"))
    failing = stages.status()
    assert shown(stages)[SHOW] == "native"
    assert failing.failing_since is not None
    assert read.answered_at is not None
    assert failing.failing_since >= read.answered_at == failing.answered_at
    assert failing.error == "still refused [stage-store-unavailable]"
    assert "so the last good stages stand" in str(failing)
    await says(store, {SHOW: "legacy"})
    assert shown(stages)[SHOW] == "legacy"
    again = stages.status()
    assert (again.failing_since, again.error) == (None, None)
    assert again.changed_at is not None
    assert again.changed_at > failing.failing_since
    said = [record.message.partition(",")[0] for record in caplog.records if record.levelno == logging.WARNING]
    assert said == ["ScriptedStore() cannot be read", "ScriptedStore() can be read again"]
    await stages.close()


async def test_an_answer_that_is_the_same_is_a_sign_of_life_and_no_change() -> None:
    stages, store = await started({SHOW: "native"})
    first = stages.status()
    await says(store, {SHOW: "native"})
    second = stages.status()
    assert second.changed_at == first.changed_at
    assert second.answered_at is not None
    assert first.answered_at is not None
    assert second.answered_at > first.answered_at
    await stages.close()


async def test_a_store_that_ends_is_followed_again() -> None:
    class Ending(ScriptedStore):
        async def follow(self) -> AsyncGenerator[Mapping[str, StageEntry], None]:
            async for entries in super().follow():
                yield entries
                return

    store = Ending()
    stages = following(store)
    store.answers.put_nowait({SHOW: "shadow"})
    await stages.start()
    await says(store, {SHOW: "native"})
    assert shown(stages)[SHOW] == "native"
    await stages.close()


async def test_what_cannot_be_followed_is_ignored_reported_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    odd = {"GET /gone": "native", "PUT *": "native", PLAIN: "shadow", LIST: "fast" * 100, SHOW: "native"}
    stages, store = await started(odd)
    assert shown(stages) == {SHOW: "native", LIST: "legacy"}
    ignored = stages.status().ignored
    assert ignored == {
        "GET /gone": "no route declares this operation",
        "PUT *": "no route declares an operation that it fits",
        PLAIN: "the operation has no native port, so it cannot be at 'shadow'",
        LIST: f"{('fast' * 15)!r} is no stage, so the last good one stands",
    }
    assert "4 entries are ignored" in str(stages.status())
    await says(store, {**odd, SHOW: "verify"})
    assert caplog.text.count("is ignored") == 4
    await stages.close()


@pytest.mark.parametrize(
    ("answers", "settings", "expected"),
    [
        ([{SHOW: "canary 5 %"}, {SHOW: "canry"}], {}, "canary 5 %"),
        ([{SHOW: "canary 5 %"}, {SHOW: "canry"}, {SHOW: "nat"}, {}], {SHOW: "shadow"}, "shadow"),
        ([{}, {SHOW: "legcy"}], {SHOW: "shadow"}, "shadow"),
        ([{SHOW: "legcy"}], {SHOW: "shadow"}, "legacy"),
        ([{"GET *": "verify"}, {"GET *": "vrify"}], {SHOW: "shadow"}, "verify"),
        ([{"GET *": "legcy"}], {SHOW: "shadow"}, "legacy"),
        ([{SHOW: "native"}, {SHOW: "default"}], {SHOW: "shadow"}, "shadow"),
    ],
)
async def test_the_last_good_stage_of_an_operation_stands_and_without_one_legacy(
    answers: list[Answer], settings: dict[str, str], expected: str
) -> None:
    stages, store = await started(answers[0], settings)
    for answer in answers[1:]:
        await says(store, answer)
    assert shown(stages)[SHOW] == expected
    await stages.close()


async def test_an_operation_that_is_declared_late_follows_the_store() -> None:
    stages, _ = await started({"GET /late": "native"})
    assert "GET /late" in stages.status().ignored
    stages.declare("GET /late", ported=True)
    assert str(stages.get("GET /late")) == "native"
    assert stages.status().ignored == {}
    await stages.close()


async def test_a_change_counts_at_once_here_and_an_older_answer_does_not_undo_it() -> None:
    stages, store = await started({SHOW: "shadow"})
    await stages.change(SHOW, "canary 5", who="ada", why="ready", expected=6)
    assert store.changed_to == ["canary 5 %"]
    assert shown(stages)[SHOW] == "canary 5 %"
    await says(store, {SHOW: "shadow"})  # asked for before the change
    assert shown(stages)[SHOW] == "canary 5 %"
    await says(store, {SHOW: "legacy"})  # restored from a backup, say
    assert shown(stages)[SHOW] == "legacy"
    await stages.close()


async def test_where_there_is_a_store_no_stage_is_set_beside_it() -> None:
    with pytest.raises(ChangeThroughStore, match=r"are in ScriptedStore\(\): use await stages.change"):
        following(ScriptedStore()).set(SHOW, "native")


async def test_without_a_store_changes_are_kept_in_this_process() -> None:
    stages = Stages()
    stages.declare(SHOW, ported=True)
    stages.set(SHOW, "shadow")
    with pytest.raises(StageConflict, match="version 1, not 0: this program set it to 'shadow'"):
        await stages.change(SHOW, "native", who="ada", why="ready", expected=0)
    await stages.change(SHOW, "native", who="ada", why="ready", expected=stages.version(SHOW))
    assert [(change.who, change.before, change.after) for change in await stages.history()] == [
        ("ada", "shadow", "native"),
        ("this program", None, "shadow"),
    ]
    await stages.start()
    assert str(stages.status()) == "this process alone: not followed"
    await stages.close()
    assert str(stages.get(SHOW)) == "native"


async def test_closing_ends_the_task_and_a_start_follows_again() -> None:
    stages, store = await started({SHOW: "native"})
    await stages.start()  # twice is once
    assert sum(task.get_name() == "bridge.stages.follow" for task in asyncio.all_tasks()) == 1
    await stages.close()
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "bridge.stages.follow"]
    assert store.closed == 1
    assert not stages.status().following
    assert shown(stages)[SHOW] == "native"
    store.answers.put_nowait({SHOW: "verify"})
    await stages.start()
    assert shown(stages)[SHOW] == "verify"
    await stages.close()


class Stubborn(ScriptedStore):
    """Loses cancellations, as `asyncio.wait_for` may before Python 3.12."""

    def __init__(self, losing: int) -> None:
        super().__init__()
        self._losing = losing

    async def follow(self) -> AsyncGenerator[Mapping[str, StageEntry], None]:
        yield {}
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if not self._losing:
                    raise
                self._losing -= 1


@pytest.mark.parametrize(("losing", "complaints"), [(1, 0), (5, 1)])
async def test_a_store_that_loses_a_cancellation_is_cancelled_again_and_not_for_ever(
    losing: int, complaints: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(follower, "LONGEST_STOP_S", 0.03)
    monkeypatch.setattr(follower, "ATTEMPTS_TO_STOP", 3)
    before = asyncio.all_tasks()
    stages = following(Stubborn(losing))
    await stages.start()
    await asyncio.wait_for(stages.close(), 5)
    assert caplog.text.count("does not stop following") == complaints
    while left := asyncio.all_tasks() - before:
        left.pop().cancel()
        await asyncio.sleep(0)


async def test_pauses_between_attempts_grow_to_a_limit_and_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    slept: list[float] = []
    enough = asyncio.Event()
    sleep = asyncio.sleep

    async def record(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 9:
            enough.set()
        await sleep(0)

    store = ScriptedStore()
    for _ in range(9):
        store.answers.put_nowait(OSError("refused"))
    stages = following(store)
    monkeypatch.setattr("bridge.stages.follower.asyncio.sleep", record)
    await stages.start()
    await asyncio.wait_for(enough.wait(), 10)
    await stages.close()
    longest = [min(0.05 * 2**attempt, 1.0) for attempt in range(9)]
    assert all(bound / 2 <= pause <= bound for pause, bound in zip(slept, longest, strict=True))
    assert len({pause / bound for pause, bound in zip(slept, longest, strict=True)}) > 1


async def test_two_that_share_a_memory_store_follow_each_other() -> None:
    store = MemoryStageStore()
    one, other = following(store), following(store)
    await asyncio.gather(one.start(), other.start())
    await one.change(SHOW, "native", who="ada", why="ready")
    await until(lambda: shown(other)[SHOW] == "native")
    await asyncio.gather(one.close(), other.close())


def test_an_application_may_start_again_on_another_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """As one does in which each test runs on a loop of its own."""
    store = ScriptedStore()
    stages = following(store)

    async def once(setting: str) -> None:
        monkeypatch.setattr(store, "answers", asyncio.Queue())
        monkeypatch.setattr(store, "_is_taken", False)
        starting = asyncio.create_task(stages.start(patience=10))
        for _ in range(5):
            await asyncio.sleep(0)  # it waits now
        store.answers.put_nowait({SHOW: setting})
        await starting
        await stages.close()

    for setting in ("shadow", "native"):
        asyncio.run(once(setting))
        assert shown(stages)[SHOW] == setting


async def test_a_store_that_goes_on_when_it_is_told_to_stop_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    let_go = asyncio.Event()

    class Stubborn(ScriptedStore):
        async def follow(self) -> AsyncGenerator[Mapping[str, StageEntry], None]:
            yield {}
            while not let_go.is_set():
                with suppress(asyncio.CancelledError):
                    await let_go.wait()

    monkeypatch.setattr(follower, "LONGEST_STOP_S", 0.05)
    stages = following(Stubborn())
    await stages.start()
    (task,) = (task for task in asyncio.all_tasks() if task.get_name() == "bridge.stages.follow")
    try:
        await asyncio.wait_for(stages.close(), 5)
        assert "does not stop following within 0.05 s, so it is left alone" in caplog.text
    finally:  # or the end of the test would wait for it
        let_go.set()
        while not task.done():
            await asyncio.sleep(0)  # it may still be where it takes no heed
            task.cancel()


async def test_a_store_that_cannot_be_closed_keeps_nobody_from_closing_the_rest(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stages, store = await started({SHOW: "native"})

    async def fail() -> None:
        raise OSError("gone")

    monkeypatch.setattr(store, "close", fail)
    await stages.close()
    assert "ScriptedStore() cannot be closed" in caplog.text


async def test_a_store_that_answers_and_fails_each_time_is_not_tried_all_the_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.undo()
    slept: list[float] = []
    enough = asyncio.Event()
    sleep = asyncio.sleep

    async def record(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 7:
            enough.set()
        await sleep(0)

    store = ScriptedStore()
    for _ in range(7):
        store.answers.put_nowait({SHOW: "native"})
        store.answers.put_nowait(OSError("refused"))
    stages = following(store)
    monkeypatch.setattr("bridge.stages.follower.asyncio.sleep", record)
    await stages.start()
    await asyncio.wait_for(enough.wait(), 10)
    await stages.close()
    assert slept[5] >= 0.5
