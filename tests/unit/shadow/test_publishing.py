"""Nobody waits for a publisher, and what it loses is counted."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import TYPE_CHECKING, Any

import pytest

from bridge.errors import InvalidShadowSetting
from bridge.shadow import (
    CallbackPublisher,
    Check,
    LogPublisher,
    Publishing,
    Retention,
    Verdict,
    compare,
    verdict_of,
)
from tests.unit.shadow.exchanges import answer, exchange

if TYPE_CHECKING:
    from collections.abc import Sequence

SECRET = "correct horse battery"


def check(candidate: str = '{"password": "' + SECRET + '"}', control: str = '{"password": "x"}') -> Check:
    ours, theirs = exchange(answer(control)), exchange(answer(candidate))
    differences = compare(ours, theirs)
    return Check("GET /things", ours, theirs, verdict_of(differences), differences)


MATCHED = check("{}", "{}")


class Recorder:
    """Keeps what it gets; while it is held, it hangs."""

    def __init__(self, *, held: bool = False, fails: int = 0) -> None:
        self.batches: list[Sequence[Check]] = []
        self.began = asyncio.Event()
        self.may_go_on = asyncio.Event()
        self.fails = fails
        self.closed = False
        if not held:
            self.may_go_on.set()

    async def publish(self, checks: Sequence[Check]) -> None:
        self.began.set()
        await self.may_go_on.wait()
        if self.fails:
            self.fails -= 1
            msg = "the disk is full"
            raise OSError(msg)
        self.batches.append(checks)

    async def close(self) -> None:
        self.closed = True

    @property
    def checks(self) -> list[Check]:
        return [each for batch in self.batches for each in batch]


async def test_a_publisher_gets_what_did_not_match_in_order_and_redacted() -> None:
    recorder = Recorder()
    publishing = Publishing([recorder])
    for each in (check(), MATCHED, check('{"password": "y"}')):
        publishing.take(each)
    await publishing.settled()
    assert [each.verdict for each in recorder.checks] == [Verdict.MISMATCHED] * 2
    assert SECRET not in repr(recorder.checks)
    assert "<hidden" in repr(recorder.checks)
    statistics = publishing.statistics()
    assert statistics.verdicts == {"mismatched": 2, "matched": 1}
    assert (statistics.published, statistics.waiting) == ({"Recorder": 2}, {"Recorder": 0})


async def test_taking_a_check_waits_for_nothing_and_the_queue_is_bounded() -> None:
    held = Recorder(held=True)
    publishing = Publishing([held], queue=3)
    publishing.take(check())
    await held.began.wait()
    for _ in range(10):
        publishing.take(check())
    assert publishing.statistics().dropped == {"Recorder": 7}
    assert publishing.statistics().waiting == {"Recorder": 3}
    held.may_go_on.set()
    await publishing.settled()
    assert [len(batch) for batch in held.batches] == [1, 3]


async def test_a_publisher_that_fails_is_counted_and_gets_the_next(caplog: pytest.LogCaptureFixture) -> None:
    failing = Recorder(fails=1)
    publishing = Publishing([failing])
    publishing.take(check())
    await publishing.settled()
    publishing.take(check())
    await publishing.settled()
    statistics = publishing.statistics()
    assert (statistics.failed, statistics.published) == ({"Recorder": 1}, {"Recorder": 1})
    assert "Recorder failed with 1 checks" in caplog.text
    assert SECRET not in caplog.text


async def test_a_publisher_that_hangs_is_counted_and_no_other_waits_for_it() -> None:
    hanging, other = Recorder(held=True), Recorder()
    publishing = Publishing([hanging, other], timeout=0.05)
    publishing.take(check())
    await publishing.settled()
    statistics = publishing.statistics()
    assert statistics.failed == {"Recorder": 1, "Recorder 2": 0}
    assert len(other.checks) == 1


async def test_closing_publishes_what_waits() -> None:
    prompt, hanging = Recorder(), Recorder(held=True)
    publishing = Publishing([prompt, hanging], timeout=60)
    for _ in range(300):
        publishing.take(check())
    closing = asyncio.create_task(publishing.close(patience=30))
    while len(prompt.checks) < 300:
        await asyncio.wait([closing], timeout=0.01)
    hanging.may_go_on.set()
    await closing
    assert len(hanging.checks) == 300


async def test_closing_drops_what_hangs() -> None:
    hanging = Recorder(held=True)
    publishing = Publishing([hanging], timeout=60)
    for _ in range(300):
        publishing.take(check())
    await hanging.began.wait()
    await publishing.close(patience=0.1)
    statistics = publishing.statistics()
    assert (statistics.failed, statistics.dropped) == ({"Recorder": 100}, {"Recorder": 200})
    assert hanging.closed


def test_a_second_event_loop_goes_on_publishing() -> None:
    seen: list[Check] = []
    publishing = Publishing([CallbackPublisher(seen.append)])

    async def publish() -> None:
        publishing.take(check())
        await publishing.settled()

    asyncio.run(publish())
    asyncio.run(publish())
    assert len(seen) == 2


def test_a_loop_that_is_gone_with_its_worker_does_not_stop_the_next() -> None:
    lost = asyncio.new_event_loop()
    recorder = Recorder(held=True)
    publishing = Publishing([recorder])

    async def take() -> None:
        publishing.take(check())
        await recorder.began.wait()

    lost.run_until_complete(take())
    recorder.may_go_on = asyncio.Event()
    recorder.may_go_on.set()

    async def publish() -> None:
        publishing.take(check())
        await publishing.settled()

    asyncio.run(publish())
    assert len(recorder.checks) == 1
    for task in asyncio.all_tasks(lost):
        task.cancel()
    lost.run_until_complete(asyncio.sleep(0))
    lost.run_until_complete(lost.shutdown_default_executor())
    lost.close()


async def test_a_check_that_cannot_be_redacted_is_never_published(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: Any) -> Check:
        raise ArithmeticError

    monkeypatch.setattr("bridge.shadow.publishing.publishing.redact", fail)
    recorder = Recorder()
    publishing = Publishing([recorder])
    publishing.take(check())
    await publishing.settled()
    assert recorder.checks == []
    assert publishing.statistics().failed == {"Recorder": 1}


async def test_a_callback_runs_on_a_thread_and_a_coroutine_function_on_the_loop() -> None:
    threads: list[int] = []

    def plain(_: Check) -> None:
        threads.append(threading.get_ident())

    async def coroutine(_: Check) -> None:
        threads.append(threading.get_ident())

    for callback in (plain, coroutine):
        publishing = Publishing([CallbackPublisher(callback)])
        publishing.take(check())
        await publishing.close()
    assert threads[0] != threading.get_ident()
    assert threads[1] == threading.get_ident()


async def test_a_callback_that_hangs_holds_one_thread_and_no_more() -> None:
    release, calls = threading.Event(), []

    def hang(each: Check) -> None:
        calls.append(each)
        release.wait(20)

    publishing = Publishing([CallbackPublisher(hang)], timeout=0.1)
    for _ in range(3):
        publishing.take(check())
        await publishing.settled()
    assert publishing.statistics().failed == {"CallbackPublisher": 3}
    assert len(calls) == 1
    release.set()


async def test_the_log_tells_mismatches_from_the_rest(caplog: pytest.LogCaptureFixture) -> None:
    unclear = Check("GET /unclear", MATCHED.control, MATCHED.candidate, Verdict.NOT_COMPARABLE, reason="no snapshot")
    with caplog.at_level(logging.INFO, "bridge.shadow.checks"):
        publishing = Publishing([LogPublisher()])
        publishing.take(check())
        publishing.take(unclear)
        publishing.take(Check("GET /excused", MATCHED.control, MATCHED.candidate, Verdict.EXCUSED))
        await publishing.close()
    told = [(each.levelname, each.getMessage().partition("\n")[0]) for each in caplog.records]
    assert told == [("WARNING", "GET /things: mismatched"), ("INFO", "GET /unclear: not_comparable")]


@pytest.mark.parametrize("arguments", [{"queue": 0}, {"timeout": 0}])
def test_settings_of_publishing_that_cannot_be_meant_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidShadowSetting):
        Publishing([], **arguments)


@pytest.mark.parametrize("arguments", [{"max_rows": 0}, {"max_age_s": 0}])
def test_a_retention_that_keeps_nothing_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidShadowSetting):
        Retention(**arguments)
