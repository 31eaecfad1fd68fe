"""Stages in a file that people and tools write, in whatever way they do."""

from __future__ import annotations

import asyncio
import errno
import os
import sys
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from anyio import to_thread

from bridge import (
    ConfigurationError,
    ExtraMissing,
    FileStageStore,
    OpenFeatureStageStore,
    StageConflict,
    Stages,
    StageStoreReadOnly,
    StageStoreUnavailable,
)
from bridge.stages import StageEntry
from bridge.stages.toml_file import locked
from tests.integration.server_side import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

SHOW, LIST = "GET /users/{user_id}", "GET /users"
NEVER_S = 3600.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "stages.toml"


@asynccontextmanager
async def following(path: Path, poll_every: float = NEVER_S) -> AsyncIterator[Stages]:
    stages = Stages(store=FileStageStore(path, poll_every=poll_every))
    for operation in (SHOW, LIST):
        stages.declare(operation, ported=True)
    await stages.start()
    yield stages
    await stages.close()


async def write(path: Path, text: str) -> None:
    await to_thread.run_sync(path.write_text, text)


def with_stage(setting: str) -> str:
    return f'[stages]\n"{SHOW}" = "{setting}"\n'


@pytest.mark.parametrize("way", ["in place", "renamed", "a link"])
async def test_a_file_that_is_written_in_any_way_is_followed_without_polling(path: Path, way: str) -> None:
    versions = path.parent / "versions"
    versions.mkdir()

    def put(setting: str) -> None:
        if way == "in place":
            path.write_text(with_stage(setting))
            return
        new = versions / f"{setting}.toml"
        new.write_text(with_stage(setting))
        if way == "a link":  # as a mounted ConfigMap does
            link = path.with_suffix(".new")
            link.symlink_to(new)
            new = link
        new.replace(path)

    put("shadow")
    async with following(path) as stages:
        assert str(stages.get(SHOW)) == "shadow"
        for setting in ("canary 5 %", "native"):
            await to_thread.run_sync(put, setting)
            await until(lambda setting=setting: str(stages.get(SHOW)) == setting)  # type: ignore[misc]  # mypy cannot infer a lambda with a default


async def test_a_file_whose_changes_nothing_tells_of_is_polled(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await write(path, with_stage("shadow"))
    elsewhere = path.parent / "elsewhere"
    elsewhere.mkdir()
    store = FileStageStore(path, poll_every=0.02)
    watch = store._watchfiles.awatch
    monkeypatch.setattr(store, "_watchfiles", type("Deaf", (), {"awatch": staticmethod(lambda _, **options: watch(elsewhere, **options))}))  # fmt: skip
    stages = Stages(store=store)
    stages.declare(SHOW, ported=True)
    await stages.start()
    await write(path, with_stage("native"))
    await until(lambda: str(stages.get(SHOW)) == "native")
    await stages.close()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no table [stages], so it may be half-written"),
        ("# only a comment\n", "has no table [stages]"),
        ('[stages]\n"GET /users/{user_id}" = "nat', "is no valid TOML"),
        ("stages = 7\n", "has no table [stages]"),
        ("<<<<<<< HEAD\n", "is no valid TOML"),
    ],
)
async def test_a_half_written_or_invalid_file_leaves_the_last_good_stages(path: Path, text: str, said: str) -> None:
    await write(path, with_stage("canary 5 %"))
    async with following(path) as stages:
        await write(path, text)
        await until(lambda: stages.status().error)
        assert said in str(stages.status().error)
        assert str(stages.get(SHOW)) == "canary 5 %"
        with pytest.raises(StageStoreUnavailable):
            await stages.change(SHOW, "native", who="ada", why="ready")
        assert await to_thread.run_sync(path.read_text) == text
        await write(path, with_stage("verify"))
        await until(lambda: str(stages.get(SHOW)) == "verify")
        assert stages.status().error is None


async def test_bytes_that_are_no_text_and_a_directory_leave_the_last_good_stages(path: Path) -> None:
    await write(path, with_stage("verify"))
    async with following(path) as stages:
        await to_thread.run_sync(path.write_bytes, b"\xff\xfe")
        await until(lambda: "cannot be read" in str(stages.status().error))
        await to_thread.run_sync(path.unlink)
        await to_thread.run_sync(path.mkdir)
        await until(lambda: "directory" in str(stages.status().error))
        assert str(stages.get(SHOW)) == "verify"


async def test_a_file_that_is_gone_leaves_the_last_good_stages(path: Path) -> None:
    await write(path, with_stage("native"))
    async with following(path) as stages:
        await to_thread.run_sync(path.unlink)
        await until(lambda: "is gone" in str(stages.status().error))
        assert str(stages.get(SHOW)) == "native"
        await write(path, with_stage("legacy"))
        await until(lambda: str(stages.get(SHOW)) == "legacy")


async def test_a_file_that_is_gone_stays_gone_however_often_it_is_looked_for(path: Path) -> None:
    """The second look must not take it for one that was never there, or every stage would be at its default."""
    await write(path, with_stage("native"))
    store = FileStageStore(path, poll_every=0.01)
    stages = Stages(store=store)
    stages.declare(SHOW, ported=True)
    await stages.start()
    await to_thread.run_sync(path.unlink)
    await until(lambda: stages.status().error)
    for _ in range(3):
        with pytest.raises(StageStoreUnavailable, match="is gone"):
            await anext(store.follow())
    with pytest.raises(StageStoreUnavailable, match="is gone"):
        await stages.change(SHOW, "shadow", who="ada", why="would make a file of one entry")
    assert str(stages.get(SHOW)) == "native"
    await write(path, with_stage("legacy"))
    await until(lambda: str(stages.get(SHOW)) == "legacy")
    await stages.close()


async def test_a_file_is_followed_where_nothing_can_be_watched(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The limit of watches is one for all containers of a host."""
    await write(path, with_stage("shadow"))

    async def fail(_: object) -> None:
        raise OSError(errno.ENOSPC, "no watches left")

    monkeypatch.setattr("bridge.stages.watching.DirectoryWatch._begin", fail)
    async with following(path, poll_every=0.02) as stages:
        assert str(stages.get(SHOW)) == "shadow"
        await write(path, with_stage("native"))
        await until(lambda: str(stages.get(SHOW)) == "native")
        assert caplog.text.count("is not watched, so it is looked at every 0.02 s: [Errno 28] no watches left") == 1


async def test_a_file_is_followed_while_every_thread_of_anyio_is_taken(path: Path) -> None:
    """By FastAPI's synchronous endpoints, say."""
    await write(path, with_stage("shadow"))
    limiter = to_thread.current_default_thread_limiter()
    for _ in range(int(limiter.total_tokens)):
        limiter.acquire_on_behalf_of_nowait(object())
    async with following(path, poll_every=0.02) as stages:
        assert str(stages.get(SHOW)) == "shadow"
        path.write_text(with_stage("native"))  # noqa: ASYNC240 - there is no thread for it
        await until(lambda: str(stages.get(SHOW)) == "native")
        await stages.change(SHOW, "legacy", who="ada", why="the kill switch")
        assert str(stages.get(SHOW)) == "legacy"


async def test_a_file_that_is_not_there_yet_says_nothing_and_is_followed_once_it_is(path: Path) -> None:
    async with following(path) as stages:
        assert stages.status().error is None
        await stages.change(LIST, "shadow", who="ada", why="a start", expected=0)
        await write(path, with_stage("native"))
        await until(lambda: str(stages.get(SHOW)) == "native")


async def test_a_directory_that_is_not_there_is_reported(path: Path) -> None:
    async with following(path.parent / "missing" / "stages.toml") as stages:
        assert stages.status().error
        with pytest.raises(StageStoreUnavailable, match="cannot be written"):
            await stages.change(LIST, "shadow", who="ada", why="a start")


async def test_a_value_of_another_type_is_one_that_is_no_stage(path: Path) -> None:
    await write(path, f'[stages]\n"{SHOW}" = 5\n"{LIST}" = {{ stage = "native" }}\n')
    async with following(path) as stages:
        assert stages.status().ignored[SHOW] == "'5' is no stage, so the last good one stands"
        assert LIST in stages.status().ignored
        assert stages.status().error is None


async def test_an_edit_by_hand_counts_as_a_change_and_enters_the_history(path: Path) -> None:
    store = FileStageStore(path)
    await store.change(SHOW, "shadow", who="ada", why="a start", expected=0)
    text = await to_thread.run_sync(path.read_text)
    await write(path, text.replace('"shadow"', '"verify"', 1))
    assert await store.load() == {SHOW: StageEntry("verify", 2)}
    with pytest.raises(StageConflict, match="is at version 2, not 1: an editor of the file set it to 'verify'"):
        await store.change(SHOW, "native", who="ada", why="ready", expected=1)
    await store.change(SHOW, "native", who="ada", why="ready", expected=2)
    assert [(change.version, change.before, change.after, change.who) for change in await store.history(SHOW)] == [
        (3, "verify", "native", "ada"),
        (2, "shadow", "verify", "an editor of the file"),
        (1, None, "shadow", "ada"),
    ]


async def test_a_change_keeps_comments_and_what_else_is_in_the_file(path: Path) -> None:
    await write(path, f'# ask Ada first\nteam = "users"\n[stages]  # by operation\n"{LIST}" = "native"  # done\n')
    store = FileStageStore(path)
    await to_thread.run_sync(path.chmod, 0o640)
    await store.change(SHOW, "canary 5 %", who="ada", why="ready", expected=0)
    text = await to_thread.run_sync(path.read_text)
    for kept in ("# ask Ada first", 'team = "users"', "# by operation", "# done"):
        assert kept in text
    assert text.index("canary 5 %") < text.index("[[history]]")
    assert path.stat().st_mode & 0o777 == 0o640  # noqa: ASYNC240 - a test may look
    assert [entry.name for entry in path.parent.iterdir() if entry.suffix != ".lock"] == ["stages.toml"]


async def test_a_history_that_somebody_has_edited_does_no_harm(path: Path) -> None:
    await write(path, f'{with_stage("native")}\n[[history]]\noperation = "{SHOW}"\n[[history]]\nversion = "x"\n')
    store = FileStageStore(path)
    assert await store.load() == {SHOW: StageEntry("native", 1)}
    assert (await store.change(SHOW, "legacy", who="ada", why="an incident", expected=1)).version == 2


async def test_the_history_in_the_file_is_bounded(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.stages.file.LONGEST_HISTORY", 3)
    store = FileStageStore(path)
    for number in range(1, 6):
        await store.change(SHOW, f"canary {number} %", who="ada", why="a ramp", expected=number - 1)
    assert [change.version for change in await store.history()] == [5, 4, 3]


async def test_the_count_of_an_operation_outlives_its_share_of_the_history(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or somebody could replace a version that was never looked at."""
    monkeypatch.setattr("bridge.stages.file.LONGEST_HISTORY", 4)
    store = FileStageStore(path)
    for number in range(2):
        await store.change(SHOW, "native", who="ada", why="ready", expected=number)
    for number in range(8):
        await store.change(LIST, f"canary {number} %", who="ada", why="a ramp", expected=number)
    assert [(change.operation, change.version) for change in await store.history()] == [
        (LIST, 8), (LIST, 7), (LIST, 6), (SHOW, 2),
    ]  # fmt: skip
    assert (await store.load())[SHOW] == StageEntry("native", 2)


async def test_a_link_stays_one_and_a_new_file_can_be_read_by_other_accounts(path: Path) -> None:
    def mode_and_link() -> tuple[int, bool]:
        return path.stat().st_mode & 0o777, path.is_symlink()

    elsewhere = path.parent / "elsewhere"
    await to_thread.run_sync(elsewhere.mkdir)
    await to_thread.run_sync(path.symlink_to, elsewhere / "stages.toml")
    for setting in ("shadow", "native"):
        await FileStageStore(path).change(SHOW, setting, who="ada", why="ready", expected=None)
        assert await to_thread.run_sync(mode_and_link) == (0o644, True)
    assert await FileStageStore(elsewhere / "stages.toml").load() == {SHOW: StageEntry("native", 2)}


async def test_a_reader_never_sees_half_of_a_change(path: Path) -> None:
    store, reader = FileStageStore(path), FileStageStore(path)
    await store.change(SHOW, "canary 1 %", who="ada", why="x" * 1000, expected=None)
    writing = asyncio.create_task(write_often(store))
    seen = 0
    while not writing.done():
        assert SHOW in await reader.load()
        seen += 1
    await writing
    assert seen > 5


async def write_often(store: FileStageStore) -> None:
    for number in range(20):
        await store.change(SHOW, f"canary {number} %", who="ada", why="x" * 1000, expected=None)


async def test_a_full_disk_leaves_the_file_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FileStageStore(path)
    await store.change(SHOW, "shadow", who="ada", why="a start", expected=0)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StageStoreUnavailable, match="No space left on device"):
        await store.change(SHOW, "native", who="ada", why="ready", expected=1)
    assert await store.load() == {SHOW: StageEntry("shadow", 1)}
    names = await to_thread.run_sync(lambda: sorted(entry.name for entry in path.parent.iterdir()))
    assert names == [".stages.toml.lock", "stages.toml"]


def stall(path: Path) -> Callable[[], None]:
    """Put a pipe at *path*, which blocks whoever opens it as a network file system does that is gone; return what ends that."""
    path.unlink()
    os.mkfifo(path)

    def flow() -> None:
        # Opened for both, it blocks nobody here, and lets go of whoever waits.
        pipe = os.open(path, os.O_RDWR)
        path.with_suffix(".new").write_text(with_stage("native"))
        path.with_suffix(".new").replace(path)
        os.close(pipe)

    return flow


def threads_of_the_store() -> int:
    return sum(thread.name.startswith("bridge.stages.file") for thread in threading.enumerate())


async def test_a_file_system_that_does_not_answer_leaves_the_last_good_stages(path: Path) -> None:
    """And takes one thread, however often it is asked."""
    await write(path, with_stage("canary 5 %"))
    stages = Stages(store=FileStageStore(path, poll_every=0.02, timeout=0.1))
    stages.declare(SHOW, ported=True)
    await stages.start()
    flow = await to_thread.run_sync(stall, path)
    await until(lambda: stages.status().error)
    assert "has not answered within 0.1 s: check the file system" in str(stages.status().error)
    assert str(stages.get(SHOW)) == "canary 5 %"
    for _ in range(3):
        with pytest.raises(StageStoreUnavailable):
            await stages.history()
        assert threads_of_the_store() == 1
    await to_thread.run_sync(flow)
    await until(lambda: str(stages.get(SHOW)) == "native")
    assert stages.status().error is None
    await stages.close()
    await until(lambda: threads_of_the_store() == 0)


async def test_an_application_starts_and_stops_while_the_file_system_does_not_answer(path: Path) -> None:
    await write(path, with_stage("native"))
    flow = await to_thread.run_sync(stall, path)
    store = FileStageStore(path)
    stages = Stages(store=store)
    stages.declare(SHOW, ported=True)
    async with asyncio.timeout(5):
        await stages.start(patience=0.05)
        assert str(stages.get(SHOW)) == "legacy"
        await stages.close()
    await to_thread.run_sync(flow)
    await until(lambda: threads_of_the_store() == 0)
    assert await store.load() == {SHOW: StageEntry("native", 1)}


async def test_a_change_that_comes_too_late_is_none(path: Path) -> None:
    """Or it would undo what somebody else did meanwhile."""
    await write(path, with_stage("canary 5 %"))
    store = FileStageStore(path, timeout=0.1)
    with locked(path):
        with pytest.raises(StageStoreUnavailable, match="who holds the lock"):
            await store.change(SHOW, "native", who="ada", why="ready", expected=None)
        assert await store.load() == {SHOW: StageEntry("canary 5 %", 1)}
        await until(lambda: threads_of_the_store() == 1)  # the reader's ends a moment after it has answered
    await until(lambda: threads_of_the_store() == 0)
    assert await store.load() == {SHOW: StageEntry("canary 5 %", 1)}
    assert (await store.change(SHOW, "legacy", who="bob", why="an incident", expected=1)).version == 2


@pytest.mark.parametrize("times", [{"timeout": 0.0}, {"poll_every": -1.0}])
def test_a_time_that_is_not_positive_is_refused(times: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError, match="each has to be more than 0 seconds"):
        FileStageStore("stages.toml", **times)


async def test_a_file_that_may_not_be_written_is_changed_where_it_comes_from() -> None:
    with pytest.raises(StageStoreReadOnly, match="change it where it comes from"):
        await FileStageStore("/sys/stages.toml").change(SHOW, "native", who="ada", why="ready", expected=None)


@pytest.mark.parametrize(
    ("package", "make", "extra"),
    [
        ("watchfiles", lambda: FileStageStore("stages.toml"), "file"),
        ("tomlkit", lambda: FileStageStore("stages.toml"), "file"),
        ("openfeature.event", lambda: OpenFeatureStageStore(None, {}), "openfeature"),  # type: ignore[arg-type]  # not reached: the extra is missing
    ],
)
def test_a_package_that_is_missing_is_named_with_its_extra(
    package: str, make: object, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ExtraMissing, match=rf"{package} is not installed: .*legacy-bridge\[{extra}\]"):
        make()  # type: ignore[operator]  # one of the two is not callable by its type
