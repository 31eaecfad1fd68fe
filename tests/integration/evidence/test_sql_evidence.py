"""Evidence in PostgreSQL: exact sums over processes, and a database that fails."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path as Directory
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from anyio import to_thread
from sqlalchemy import create_engine, make_url, text

from bridge import Database, EvidenceStoreUnavailable, Path, PoolSettings
from bridge.evidence import Batch, CounterKey, EvidenceSettings, SQLEvidence, SystemClock, Tallies, Tally
from tests.conftest import ROOT
from tests.integration.evidence.counting import OPERATIONS
from tests.integration.evidence.forking import BEFORE, WORKERS
from tests.integration.evidence.forking import REQUESTS as REQUESTS_OF_A_WORKER
from tests.integration.faults.network import network
from tests.integration.faults.own_server import own_server
from tests.integration.server_side import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.integration.faults.own_server import OwnServer
    from tests.integration.server_side import ServerSide

PROCESSES, REQUESTS = 4, 6000
NATIVE = Tally("GET /a", Path.NATIVE, "v1")
SETTINGS = EvidenceSettings(flush_every=0.05)


def served(number: int, amount: int, *, process: str = "a") -> Batch:
    return Batch(process, number, {CounterKey(NATIVE, 100, "served"): amount})


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[SQLEvidence]:
    database = Database(database_url, pool=PoolSettings(size=1, overflow=0))
    store = SQLEvidence(database)
    await store.create_tables()
    yield store
    await store.close()
    await database.dispose()


async def total(store: SQLEvidence, tally: Tally = NATIVE) -> int:
    found = await store.read(tally.operation)
    return found[tally].served if tally in found else 0


async def test_processes_that_count_at_the_same_time_sum_exactly(database_url: str) -> None:
    command = [sys.executable, "-m", "tests.integration.evidence.counting", database_url, str(REQUESTS)]
    processes = [
        await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
        for _ in range(PROCESSES)
    ]
    reports = [(await process.communicate())[0].decode().split() for process in processes]
    assert [process.returncode for process in processes] == [0] * PROCESSES
    assert [report[:2] for report in reports] == [["0", "0"]] * PROCESSES
    assert min(int(report[2]) for report in reports) > 5, "each has added several batches"
    store = SQLEvidence(Database(database_url))
    for counted in (await store.read(), await store.read(since=1)):
        assert {tally.operation for tally in counted} == set(OPERATIONS)
        for counts in counted.values():
            assert counts.served == counts.latency.count == PROCESSES * REQUESTS / len(OPERATIONS)
            assert counts.server_errors == PROCESSES * REQUESTS / len(OPERATIONS) / 10
    await store.close()


async def test_workers_that_are_forked_count_as_processes_of_their_own(database_url: str) -> None:
    """The application is made before the fork, the tables too, and requests were counted: nothing of it is a worker's."""
    command = [sys.executable, "-m", "tests.integration.evidence.forking", database_url]
    server = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    report = (await server.communicate())[0].decode().split()
    assert server.returncode == 0
    store = SQLEvidence(Database(database_url))
    (counted,) = (await store.read()).values()
    await store.close()
    assert counted.served == WORKERS * REQUESTS_OF_A_WORKER + BEFORE
    assert report == ["0"] * (WORKERS + 1), "every batch was taken at once"


async def test_a_commit_whose_answer_is_lost_counts_once(database_url: str, store: SQLEvidence) -> None:
    with network(database_url) as wire:
        distant = SQLEvidence(Database(wire.url), timeout=1.0)
        await distant.add(served(1, 3))
        entered = distant._connection.transaction

        def losing_the_answer_of_the_commit() -> object:
            return _stalling_at_the_end(entered(), wire)

        distant._connection.transaction = losing_the_answer_of_the_commit  # type: ignore[method-assign,assignment]  # replaced for the test
        with pytest.raises(EvidenceStoreUnavailable, match="has not answered within 1 s"):
            await distant.add(served(2, 4))
        distant._connection.transaction = entered  # type: ignore[method-assign]  # replaced for the test
        wire.flow()
        assert await total(store) == 7, "the server had committed"
        await distant.add(served(2, 4))
        await distant.add(served(3, 5))
        assert await total(store) == 12
        await distant.close()


class _stalling_at_the_end:  # noqa: N801  a context manager
    """Let the commit of a transaction reach the server, and hold back its answer."""

    def __init__(self, transaction: object, wire: object) -> None:
        self._transaction, self._wire = transaction, wire

    async def __aenter__(self) -> object:
        return await self._transaction.__aenter__()  # type: ignore[attr-defined]  # an attribute of this test's double

    async def __aexit__(self, *error: object) -> object:
        await to_thread.run_sync(self._wire.stall, "down")  # type: ignore[attr-defined]  # an attribute of this test's double
        return await self._transaction.__aexit__(*error)  # type: ignore[attr-defined]  # an attribute of this test's double


async def test_a_batch_waits_for_its_own_transaction_that_is_still_under_way(
    store: SQLEvidence, server: ServerSide, database_url: str
) -> None:
    """As when a connection is lost while its commit goes on."""
    await store.add(served(1, 3))
    engine = create_engine(make_url(database_url).set(drivername="postgresql+psycopg2"))
    connection = await to_thread.run_sync(engine.connect)
    await to_thread.run_sync(
        connection.execute, text("UPDATE bridge_evidence_writers SET batch = 2 WHERE process = 'a'")
    )
    adding = asyncio.create_task(store.add(served(2, 4)))
    await until(server.waiting_for_locks)
    await to_thread.run_sync(connection.commit)
    await adding
    await to_thread.run_sync(connection.close)
    engine.dispose()
    assert await total(store) == 3, "the batch was in the other transaction"


async def test_counts_that_arrive_while_windows_are_added_up_are_not_lost(store: SQLEvidence) -> None:
    others = [SQLEvidence(store._connection._database) for _ in range(4)]
    done = asyncio.Event()

    async def add_up(each: SQLEvidence) -> None:
        while not done.is_set():
            await each.prune(windows_before=200, totals_before=0)

    async def add_many(process: str, each: SQLEvidence) -> None:
        for number in range(1, 61):
            key = CounterKey(NATIVE, 100 + 10 * (number % 20), "served")
            await each.add(Batch(process, number, {key: 1}))

    adding_up = [asyncio.create_task(add_up(each)) for each in others[:2]]
    await asyncio.gather(*(add_many(str(n), each) for n, each in enumerate(others[2:])))
    done.set()
    await asyncio.gather(*adding_up)
    assert await total(store) == 120
    for each in others:
        await each.close()


async def test_two_batches_with_the_same_counters_wait_for_each_other_without_a_deadlock(store: SQLEvidence) -> None:
    others = [SQLEvidence(store._connection._database) for _ in range(6)]
    tallies = [Tally(f"GET /{letter}", Path.NATIVE, "v1") for letter in "abcdefgh"]

    async def add_many(process: int, each: SQLEvidence) -> None:
        ordered = tallies if process % 2 else tallies[::-1]
        for number in range(1, 21):
            await each.add(Batch(str(process), number, {CounterKey(tally, 100, "served"): 1 for tally in ordered}))

    await asyncio.gather(*(add_many(process, each) for process, each in enumerate(others)))
    assert {counts.served for counts in (await store.read()).values()} == {120}
    for each in others:
        await each.close()


@pytest.fixture
def own() -> Iterator[OwnServer]:
    # Not below pytest's own directory, which only its account may enter; the server has another.
    with TemporaryDirectory(prefix="evidence") as directory:
        Directory(directory).chmod(0o755)
        with own_server(Directory(directory)) as server:
            yield server


async def test_a_store_that_is_stopped_and_started_again_loses_nothing(own: OwnServer) -> None:
    # A server for tests forgets what it has just committed when it is killed.
    durable = make_url(own.url).update_query_dict({"options": "-c synchronous_commit=on"})
    store = SQLEvidence(Database(durable), timeout=2.0)
    await store.create_tables()
    tallies = Tallies(store, SETTINGS, SystemClock())
    tallies.start()

    async def serve(requests: int) -> None:
        for _ in range(requests):
            tallies.served("GET /a", Path.NATIVE, "v1", 200, None, 0.001)
            await asyncio.sleep(0)

    await serve(500)
    await until(lambda: tallies.statistics().pending == 0)
    await to_thread.run_sync(own.stop)
    await serve(500)
    await until(lambda: tallies.statistics().failures >= 2)
    assert tallies.statistics().pending > 0
    await serve(500)
    await to_thread.run_sync(own.start)
    await until(lambda: tallies.statistics().pending == 0)
    assert await total(store) == 1500
    assert (tallies.statistics().dropped, tallies.statistics().error) == (0, None)
    await tallies.close()
    await store.close()


async def test_a_connection_that_is_killed_is_replaced(store: SQLEvidence, server: ServerSide) -> None:
    await store.add(served(1, 3))
    kept = server.connections("query NOT LIKE '%pg_stat%'")
    assert len(kept) == 1
    server.terminate(kept)
    with pytest.raises(EvidenceStoreUnavailable):
        await store.add(served(2, 4))
    await store.add(served(2, 4))
    assert await total(store) == 7


async def test_it_works_when_every_pooled_connection_is_taken(store: SQLEvidence, database_url: str) -> None:
    database = store._connection._database
    async with database.async_engine.connect():
        await store.add(served(1, 3))
        assert await total(store) == 3


async def test_one_connection_is_kept(store: SQLEvidence, server: ServerSide) -> None:
    await store.add(served(1, 3))
    (first,) = server.connections()
    for number in range(2, 6):
        await store.add(served(number, 1))
        await store.read()
    assert server.connections() == [first]
    await store.close()
    await until(lambda: not server.connections())


async def test_a_database_that_does_not_answer_is_given_up(store: SQLEvidence, server: ServerSide) -> None:
    impatient = SQLEvidence(store._connection._database, timeout=0.2)
    with server.holding("bridge_evidence"):
        with pytest.raises(EvidenceStoreUnavailable, match=r"has not answered within 0\.2 s"):
            await impatient.add(served(1, 3))
        await until(lambda: not server.waiting_for_locks())
    assert await total(store) == 0
    await impatient.add(served(1, 3))
    assert await total(store) == 3
    await impatient.close()


async def test_a_column_that_is_missing_keeps_counts_waiting_until_it_is_there(
    store: SQLEvidence, database_url: str
) -> None:
    tallies = Tallies(store, SETTINGS, SystemClock())
    await alter(database_url, "ALTER TABLE bridge_evidence RENAME COLUMN counter TO gone")
    for _ in range(5):
        tallies.served("GET /a", Path.NATIVE, "v1", 200, None, 0.001)
        assert not await tallies.flush()
    assert "counter" in str(tallies.statistics().error)
    await alter(database_url, "ALTER TABLE bridge_evidence RENAME COLUMN gone TO counter")
    assert await tallies.flush()
    assert await total(store) == 5
    assert (tallies.statistics().refused, tallies.statistics().pending) == (0, 0)


async def alter(url: str, statement: str) -> None:
    def execute() -> None:
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(text(statement))
        engine.dispose()

    await to_thread.run_sync(execute)


async def test_missing_tables_say_what_to_do(database_url: str) -> None:
    store = SQLEvidence(Database(database_url))
    with pytest.raises(EvidenceStoreUnavailable, match=r"create_tables\(\) was called once"):
        await store.read()
    await store.close()


async def test_several_processes_may_create_the_tables_at_once(database_url: str) -> None:
    stores = [SQLEvidence(Database(database_url)) for _ in range(5)]
    await asyncio.gather(*(store.create_tables() for store in stores))
    await stores[0].add(served(1, 3))
    assert await total(stores[1]) == 3
    for store in stores:
        await store.close()


def test_the_tables_are_there_for_a_migration_tool(database_url: str) -> None:
    store = SQLEvidence(Database(database_url))
    assert set(store.metadata.tables) == {"bridge_evidence", "bridge_evidence_writers", "bridge_evidence_documents"}
    assert "password" not in repr(store)
