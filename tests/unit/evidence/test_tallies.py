"""What is counted gets to the store once, whatever happens on the way."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bridge.errors import EvidenceRefused, EvidenceStoreUnavailable
from bridge.evidence import Batch, Counts, EvidenceSettings, MemoryEvidence, Tallies, Tally
from bridge.shadow import Verdict
from bridge.stages import Path
from tests.unit.evidence.worlds import OPERATION, VERSION, FakeClock, checked

if TYPE_CHECKING:
    from collections.abc import Sequence


class Unreliable(MemoryEvidence):
    """A store that can be down, and that can lose its answers."""

    def __init__(self) -> None:
        super().__init__()
        self.is_down = False
        self.loses_answers = False
        self.refuses: set[str] = set()
        self.asked = 0
        self.added: list[Batch] = []
        self.pruned: list[tuple[float, float]] = []

    async def add(self, batch: Batch) -> None:
        if self.is_down:
            msg = "down"
            raise EvidenceStoreUnavailable(msg)
        self.asked += 1
        if refused := self.refuses & {key.tally.operation for key in batch.counters}:
            msg = f"no room for {refused}"
            raise EvidenceRefused(msg)
        self.added.append(batch)
        await super().add(batch)
        if self.loses_answers:
            msg = "the answer was lost"
            raise EvidenceStoreUnavailable(msg)

    async def prune(self, *, windows_before: float, totals_before: float) -> None:
        self.pruned.append((windows_before, totals_before))
        await super().prune(windows_before=windows_before, totals_before=totals_before)


class Counting:
    def __init__(self, **settings: float) -> None:
        self.clock = FakeClock()
        self.store = Unreliable()
        self.tallies = Tallies(self.store, EvidenceSettings(**settings), self.clock)  # type: ignore[arg-type]  # any setting

    def serve(self, times: int = 1, *, path: Path = Path.NATIVE, status: int | None = 200, error: str | None = None) -> None:  # fmt: skip
        for _ in range(times):
            self.tallies.served(OPERATION, path, VERSION, status, error, 0.01)

    async def counted(self, path: Path = Path.NATIVE, *, since: float | None = None) -> Counts:
        return (await self.store.read(since=since)).get(Tally(OPERATION, path, VERSION), Counts())


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        (200, None, Counts(served=3)),
        (304, None, Counts(served=3)),
        (404, None, Counts(served=3, client_errors=3)),
        (500, None, Counts(served=3, server_errors=3)),
        (None, "ValueError", Counts(served=3, exceptions=3)),
        (200, "ResponseAborted", Counts(served=3, exceptions=3)),
        (None, "CancelledError", Counts(cancelled=3)),
        (200, "ClientDisconnected", Counts(cancelled=3)),
        (None, None, Counts(cancelled=3)),
    ],
)
async def test_a_request_counts_as_it_ended(status: int | None, error: str | None, expected: Counts) -> None:
    world = Counting()
    world.serve(3, status=status, error=error)
    assert await world.tallies.flush()
    found = await world.counted()
    assert found.latency.count == found.served
    assert {**found.counters(), **expected.counters()} == found.counters()
    assert found.failed == expected.failed
    assert (found.served, found.cancelled, found.client_errors) == (expected.served, expected.cancelled, expected.client_errors)  # fmt: skip


async def test_a_check_counts_by_its_verdict_for_the_path_that_was_checked() -> None:
    world = Counting()
    for verdict in Verdict:
        world.tallies.checked(checked(verdict), VERSION)
    world.tallies.checked(checked(Verdict.MATCHED, path=Path.BRIDGED), VERSION)
    await world.tallies.flush()
    native, legacy = await world.counted(), await world.counted(Path.BRIDGED)
    assert (native.matched, native.excused, native.mismatched, native.not_comparable) == (1, 1, 1, 1)
    assert (native.checked, legacy.checked, native.served) == (3, 1, 0)


async def test_a_mismatch_counts_once_for_each_rule_that_does_not_excuse_it() -> None:
    world = Counting()
    world.tallies.checked(checked(Verdict.MISMATCHED, "json.value", "json.value", "header.etag"), VERSION)
    world.tallies.checked(checked(Verdict.MISMATCHED, "json.value"), VERSION)
    partly = checked(Verdict.MISMATCHED, "json.value")
    excused = checked(Verdict.EXCUSED, "json.added", excused="SHOP-13").differences
    world.tallies.checked(replace(partly, differences=partly.differences + excused), VERSION)
    world.tallies.checked(checked(Verdict.EXCUSED, "json.key_order", excused="SHOP-12"), VERSION)
    await world.tallies.flush()
    assert (await world.counted()).rules == {"json.value": 3, "header.etag": 1}


async def test_counts_go_to_the_store_every_second() -> None:
    world = Counting(flush_every=1.0)
    world.tallies.start()
    for _ in range(3):
        world.serve(2)
        await world.clock.advance(1.0)
    assert [batch.number for batch in world.store.added] == [1, 2, 3]
    assert (await world.counted()).served == 6
    await world.clock.advance(5.0)
    assert len(world.store.added) == 3, "a second in which nothing happened needs no batch"
    await world.tallies.close()


async def test_closing_gives_the_rest_to_the_store() -> None:
    world = Counting()
    world.tallies.start()
    world.serve(4)
    await world.tallies.close()
    assert (await world.counted()).served == 4


async def test_a_window_holds_what_happened_within_it() -> None:
    world = Counting(window=10)
    world.clock.now = 1_000_004.0
    for served, seconds in ((1, 3.0), (2, 6.0), (4, 10.0)):
        world.serve(served)
        await world.tallies.flush()
        world.clock.now += seconds
    assert [(await world.counted(since=since)).served for since in (1_000_000, 1_000_001, 1_000_010, 1_000_020)] == [
        7,
        4,
        4,
        0,
    ]
    assert (await world.counted()).served == 7


async def test_nothing_is_lost_while_the_store_is_down_and_each_window_keeps_its_own(caplog: pytest.LogCaptureFixture) -> None:  # fmt: skip
    world = Counting(window=10)
    world.clock.now = 1_000_000.0
    world.tallies.start()
    world.store.is_down = True
    for _ in range(30):
        world.serve(2)
        await world.clock.advance(1.0)
    assert await world.counted() == Counts()
    assert world.tallies.statistics().pending > 0
    assert world.tallies.statistics().failures == 30
    world.store.is_down = False
    await world.clock.advance(1.0)
    assert (await world.counted()).served == 60
    assert [(await world.counted(since=since)).served for since in (1_000_010, 1_000_020)] == [42, 22]
    statistics = world.tallies.statistics()
    assert (statistics.pending, statistics.dropped, statistics.error) == (0, 0, None)
    messages = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(messages) == 2, "one when it begins, one when it ends"
    await world.tallies.close()


async def test_a_batch_whose_answer_was_lost_counts_once() -> None:
    world = Counting()
    world.serve(5)
    world.store.loses_answers = True
    assert not await world.tallies.flush()
    world.serve(3)
    assert not await world.tallies.flush()
    world.store.loses_answers = False
    assert await world.tallies.flush()
    assert (await world.counted()).served == 8
    assert [batch.number for batch in world.store.added] == [1, 1, 1, 2]


async def test_a_cancelled_flush_loses_nothing() -> None:
    world = Counting()
    world.serve(5)
    entered, go_on = asyncio.Event(), asyncio.Event()
    add = world.store.add

    async def slowly(batch: Batch) -> None:
        await add(batch)
        entered.set()
        await go_on.wait()

    world.store.add = slowly  # type: ignore[method-assign]  # replaced for the test
    task = asyncio.create_task(world.tallies.flush())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go_on.set()
    assert await world.tallies.flush()
    assert (await world.counted()).served == 5


async def test_what_does_not_fit_is_dropped_and_counted() -> None:
    world = Counting(max_pending=2)
    world.store.is_down = True
    world.serve(5)
    await world.tallies.flush()  # this batch holds two counters: served and one bucket of the latency
    world.serve(3, path=Path.NATIVE)
    world.serve(4, path=Path.BRIDGED)
    await world.tallies.flush()
    world.store.is_down = False
    await world.tallies.flush()
    native, bridged = await world.counted(), await world.counted(Path.BRIDGED)
    assert (native.served, bridged.served) == (8, 0)
    assert world.tallies.statistics().dropped == 8


async def test_counters_that_wait_already_go_on_counting_at_the_bound() -> None:
    world = Counting(max_pending=2)
    world.store.is_down = True
    world.serve(1)
    await world.tallies.flush()
    for _ in range(3):
        world.serve(7)
        await world.tallies.flush()
    world.store.is_down = False
    await world.tallies.flush()
    assert (await world.counted()).served == 22
    assert world.tallies.statistics().dropped == 0


def serve_each(world: Counting, operations: Sequence[str], times: int = 1) -> None:
    for operation in operations:
        for _ in range(times):
            world.tallies.served(operation, Path.NATIVE, VERSION, 200, None, 0.01)


async def served_by_name(world: Counting) -> dict[str, int]:
    return {tally.operation: counts.served for tally, counts in (await world.store.read()).items()}


@pytest.mark.parametrize("refused", [{0}, {7}, {3, 4}, {0, 5, 9}, set(range(10))], ids=str)
async def test_what_a_store_refuses_does_not_keep_back_the_rest(refused: set[int], caplog: pytest.LogCaptureFixture) -> None:  # fmt: skip
    world, names = Counting(), [f"GET /{number}" for number in range(10)]
    world.store.refuses = {names[number] for number in refused}
    taken = [name for name in names if name not in world.store.refuses]
    for _ in range(3):
        serve_each(world, names, times=2)
        assert await world.tallies.flush()
    assert await served_by_name(world) == dict.fromkeys(taken, 6)
    statistics = world.tallies.statistics()
    # Served and a bucket of the latency for each request.
    assert (statistics.refused, statistics.pending, statistics.error) == (3 * 2 * 2 * len(refused), 0, None)
    said = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert len(said) == len(refused), "once for each, not every second"
    assert all("because the store refuses it: no room for" in message for message in said)


async def test_what_a_store_refuses_is_looked_for_once_in_ten_minutes() -> None:
    world, names = Counting(), ["GET /a", "GET /b"]
    world.store.refuses = {"GET /b"}
    serve_each(world, names)
    await world.tallies.flush()
    assert world.store.asked == 3, "both, and then each"
    serve_each(world, names)
    await world.tallies.flush()
    assert world.store.asked == 4
    world.store.refuses = set()
    world.clock.now += 600.0
    serve_each(world, names)
    await world.tallies.flush()
    assert await served_by_name(world) == {"GET /a": 3, "GET /b": 1}


async def test_parts_of_a_refused_batch_wait_where_the_store_goes_down_meanwhile() -> None:
    world, names = Counting(), [f"GET /{number}" for number in range(8)]
    world.store.refuses = {names[2], names[6]}
    add = world.store.add

    async def fail_now_and_then(batch: Batch) -> None:
        # Each second call, before or after it was added.
        calls.append(batch)
        world.store.is_down = len(calls) in range(1, 20, 4)
        world.store.loses_answers = len(calls) in range(3, 20, 4)
        await add(batch)

    calls: list[Batch] = []
    world.store.add = fail_now_and_then  # type: ignore[method-assign]  # replaced for the test
    serve_each(world, names, times=3)
    while not await world.tallies.flush():
        serve_each(world, names[:1])
        assert len(calls) < 100
    counted = await served_by_name(world)
    extra = counted.pop(names[0]) - 3
    assert extra > 0
    assert counted == dict.fromkeys([name for name in names[1:] if name not in world.store.refuses], 3)
    assert world.tallies.statistics().pending == 0
    numbers = [batch.number for batch in calls]
    assert numbers == sorted(numbers), "the store takes none after one with a higher number"


async def test_a_store_that_nobody_mends_is_named_again(caplog: pytest.LogCaptureFixture) -> None:
    world = Counting(flush_every=1.0)
    world.tallies.start()
    world.store.is_down = True
    world.serve(2)
    await world.clock.advance(599.0)
    assert not [record for record in caplog.records if record.levelno == logging.ERROR]
    await world.clock.advance(601.0)
    said = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert [message.partition(", so 2 counters wait")[0][-34:] for message in said] == [
        "not taken evidence 600 times in a row"[-34:],
        "not taken evidence 1200 times in a row"[-34:],
    ]
    world.store.is_down = False
    await world.clock.advance(1.0)
    assert (await world.counted()).served == 2
    await world.tallies.close()


async def test_old_windows_are_forgotten_once_a_minute() -> None:
    world = Counting(keep_windows=100.0, keep_totals=1000.0)
    world.tallies.start()
    began = world.clock.now
    world.serve(1)
    await world.clock.advance(59.0)
    assert world.store.pruned == []
    await world.clock.advance(241.0)
    assert [round(at - began) for at in world.store.pruned[0]] == [-40, -940]
    assert len(world.store.pruned) == 5
    assert (await world.counted(since=1)).served == 0
    assert (await world.counted()).served == 1
    await world.clock.advance(1000.0)
    assert (await world.counted()).served == 0
    await world.tallies.close()


async def test_threads_may_count_at_the_same_time() -> None:
    world = Counting()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: world.serve(5000), range(4)))
    await world.tallies.flush()
    counted = await world.counted()
    assert (counted.served, counted.latency.count) == (20_000, 20_000)


def test_an_application_that_starts_again_counts_on_its_other_event_loop() -> None:
    world = Counting()

    async def one_life() -> None:
        world.tallies.start()
        world.serve()
        # One waits for the other.
        async with world.tallies._flushing:
            waiting = [asyncio.create_task(world.tallies.flush()) for _ in range(2)]
            await asyncio.sleep(0)
        assert await asyncio.gather(*waiting) == [True, True]
        await world.tallies.close()

    asyncio.run(one_life())
    # The sleep of the clock ended with its loop.
    world.clock = world.tallies._clock = FakeClock()
    asyncio.run(one_life())
    assert len(world.store.added) == 2


def test_counts_survive_their_names() -> None:
    whole = Counts(1, 2, 3, 4, 5, 6, 7, 8, 9, {"json.value": 3})
    assert Counts.of(whole.counters()) == whole
    assert Counts.total([whole, whole]).counters() == {name: 2 * n for name, n in whole.counters().items()}
    assert Counts.of({"served": 1, "invented.later": 5}) == Counts(served=1)
