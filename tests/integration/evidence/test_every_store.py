"""What holds of every store, in memory and in every kind of database."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest

from bridge import EvidenceRefused, Path
from bridge.evidence import Batch, CounterKey, Counts, Document, EvidenceSettings, SystemClock, Tallies, Tally

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge import Database
    from bridge.evidence import EvidenceStore

SHOW, LIST = "GET /users/{user_id}", "GET /users"
NATIVE = Tally(SHOW, Path.NATIVE, "v1")


def batch(process: str, number: int, *counted: tuple[Tally, int, str, int]) -> Batch:
    return Batch(process, number, {CounterKey(tally, window, name): amount for tally, window, name, amount in counted})


async def test_what_several_processes_have_counted_adds_up(open_store: Callable[[], EvidenceStore]) -> None:
    one, other = open_store(), open_store()
    await one.add(batch("a", 1, (NATIVE, 100, "served", 3), (NATIVE, 100, "latency.80", 3)))
    await other.add(batch("b", 1, (NATIVE, 100, "served", 4), (NATIVE, 110, "served", 1)))
    await one.add(batch("a", 2, (NATIVE, 110, "served", 5), (NATIVE, 110, "rule.json.value", 2)))
    for store in (one, other):
        found = (await store.read())[NATIVE]
        assert (found.served, found.latency.counts, found.rules) == (13, {80: 3}, {"json.value": 2})
        assert (await store.read(since=110))[NATIVE].served == 6
        assert (await store.read(since=101))[NATIVE].served == 6
        assert await store.read(since=111) == {}


async def test_operations_paths_and_versions_are_kept_apart(open_store: Callable[[], EvidenceStore]) -> None:
    store = open_store()
    tallies = [
        NATIVE,
        Tally(SHOW, Path.FLASK, "v1"),
        Tally(SHOW, Path.NATIVE, "v2"),
        Tally(LIST, Path.NATIVE, "v1"),
        Tally(SHOW.lower(), Path.NATIVE, "v1"),
    ]
    await store.add(batch("a", 1, *((tally, 100, "served", 2**n) for n, tally in enumerate(tallies))))
    assert {tally: counts.served for tally, counts in (await store.read()).items()} == dict(
        zip(tallies, (1, 2, 4, 8, 16), strict=True)
    )
    assert set(await store.read(SHOW)) == set(tallies[:3])
    assert set(await store.read(LIST, since=100)) == {tallies[3]}
    assert await store.read("GET /nowhere") == {}


async def test_a_batch_that_is_added_again_counts_once(open_store: Callable[[], EvidenceStore]) -> None:
    store, other = open_store(), open_store()
    first, second = batch("a", 1, (NATIVE, 100, "served", 3)), batch("a", 2, (NATIVE, 100, "served", 4))
    for each in (first, first, second, second, first):
        await store.add(each)
    await other.add(second)
    assert (await store.read())[NATIVE].served == 7


async def test_what_does_not_fit_into_a_column_does_not_keep_back_the_rest(
    open_store: Callable[[], EvidenceStore], database: Database | None
) -> None:
    fits = database is None or database.url.get_backend_name() == "sqlite"  # which take any length
    store, long = open_store(), "GET /" + "x" * 600
    too_long = Tally(long, Path.NATIVE, "v1")
    with nullcontext() if fits else pytest.raises(EvidenceRefused, match="refuses a value"):
        await store.add(batch("a", 1, (NATIVE, 100, "served", 1), (too_long, 100, "served", 1)))
    before = int(fits)
    assert [counts.served for counts in (await store.read()).values()] == [1, 1] * before
    tallies = Tallies(store, EvidenceSettings(), SystemClock())
    for number in range(1, 4):
        for name in (SHOW, long, LIST):
            tallies.served(name, Path.NATIVE, "v1", 200, None, 0.001)
        assert await tallies.flush()
        found = {each.operation: counts.served for each, counts in (await store.read()).items()}
        kept = {long: number + before} if fits else {}
        assert found == {SHOW: number + before, LIST: number, **kept}
    assert (tallies.statistics().refused, tallies.statistics().failures) == (0 if fits else 6, 0)


async def test_large_numbers_stay_exact(open_store: Callable[[], EvidenceStore]) -> None:
    store = open_store()
    await store.add(batch("a", 1, (NATIVE, 100, "served", 2**52)))
    await store.add(batch("a", 2, (NATIVE, 110, "served", 1)))
    assert (await store.read())[NATIVE].served == (await store.read(since=1))[NATIVE].served == 2**52 + 1


async def test_old_windows_go_and_their_totals_stay_until_they_are_old_themselves(open_store: Callable[[], EvidenceStore]) -> None:  # fmt: skip
    store = open_store()
    await store.add(batch("a", 1, (NATIVE, 100, "served", 3), (NATIVE, 200, "served", 4)))
    await store.add(batch("a", 2, (Tally(LIST, Path.NATIVE, "v1"), 100, "served", 5)))
    await store.prune(windows_before=150, totals_before=50)
    await store.add(batch("a", 3, (NATIVE, 110, "served", 8)))
    for _ in range(2):
        await store.prune(windows_before=150, totals_before=50)
    assert {tally.operation: counts.served for tally, counts in (await store.read()).items()} == {SHOW: 15, LIST: 5}
    assert (await store.read(since=1))[NATIVE] == Counts(served=4)
    await store.prune(windows_before=250, totals_before=150)
    assert {tally.operation: counts.served for tally, counts in (await store.read()).items()} == {SHOW: 15}
    assert await store.read(since=1) == {}


async def test_documents_come_back_newest_first(open_store: Callable[[], EvidenceStore]) -> None:
    store = open_store()
    documents = [
        Document(
            "1", "certificate", SHOW, 1_764_000_000.25, {"to": "native", "why": "naïve → ready", "n": [1.5, None]}
        ),
        Document("2", "certificate", SHOW, 1_764_000_001.0, {"to": "canary 5 %"}),
        Document("3", "rollback", SHOW, 1_764_000_002.0, {}),
        Document("4", "certificate", LIST, 1_764_000_003.0, {}),
    ]
    for document in documents:
        await store.keep(document)
    assert list(await store.documents("certificate", SHOW)) == [documents[1], documents[0]]
    assert list(await store.documents("certificate")) == [documents[3], documents[1], documents[0]]
    assert list(await store.documents("certificate", limit=1)) == [documents[3]]
    moved = Document("2", "intent", SHOW, 1_764_000_001.0, {"to": "canary 6 %"})
    await store.keep(moved)
    assert list(await store.documents("certificate", SHOW)) == [documents[0]]
    assert list(await store.documents("intent", SHOW)) == [moved]
    await store.keep(documents[1])
    assert list(await store.documents("certificate", SHOW)) == [documents[1], documents[0]]
    await store.discard(documents[1])
    assert list(await store.documents("certificate", SHOW)) == [documents[0]]
    assert list(await store.documents("rollback", SHOW)) == [documents[2]]
