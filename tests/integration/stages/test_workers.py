"""Several workers share a store in PostgreSQL, as in production."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import TYPE_CHECKING

import httpx
import pytest

from bridge import Database, SQLStageStore
from tests.integration.faults.own_server import own_server
from tests.integration.server_side import until
from tests.integration.stages.workers import addresses, one_client_for_each_worker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.integration.faults.own_server import OwnServer

pytestmark = pytest.mark.timeout(180)

CHANGES, WITHIN_S = 100, 1.0
GROUPS = 2
SETTINGS = {
    "native": "native",
    "legacy": "bridged",
    "canary 100 %": "native",
    "shadow": "bridged",
    "canary 0 %": "bridged",
}
OPERATION = "GET /answer"


@pytest.fixture
async def store_server() -> AsyncIterator[OwnServer]:
    # Not below pytest's own directory, which only its account may enter; the server has another.
    with TemporaryDirectory(prefix="store") as directory:
        await asyncio.to_thread(Path(directory).chmod, 0o755)
        opened = own_server(Path(directory))
        server = await asyncio.to_thread(opened.__enter__)
        database = Database(server.url)
        await SQLStageStore(database).create_tables()
        yield server
        await asyncio.to_thread(opened.__exit__, None, None, None)


@dataclass
class Load:
    """Requests that go on whatever happens, and what became of them."""

    answers: Counter[object] = field(default_factory=Counter)
    paths: set[str] = field(default_factory=set)

    async def keep_asking(self, client: httpx.AsyncClient) -> None:
        while True:
            try:
                answer = await client.get("/answer")
            except Exception as error:  # noqa: BLE001 - it is counted, and the test fails
                self.answers[repr(error)] += 1
                continue
            self.answers[answer.status_code] += 1
            self.paths.add(answer.headers["bridge-path"])

    async def some_more(self, number: int = 50) -> None:
        wanted = self.answers.total() + number
        await until(lambda: self.answers.total() >= wanted)


async def test_a_change_reaches_every_worker_in_time_and_a_store_that_is_restarted_loses_no_request(
    store_server: OwnServer, database_url: str
) -> None:
    """One test, because starting four workers takes seconds."""
    with addresses(GROUPS, DATABASE_URL=database_url, STORE_URL=store_server.url) as found:
        async with AsyncExitStack() as opened:
            workers = [client for address in found for client in await one_client_for_each_worker(address, opened)]
            assert len(workers) == 2 * GROUPS
            late = [seconds for seconds in await change_often(workers, CHANGES) if seconds > WITHIN_S]
            assert late == []
            clients = [await opened.enter_async_context(httpx.AsyncClient(base_url=address)) for address in found * 6]
            await restart_under_load(store_server, workers, clients)


async def change_often(workers: list[httpx.AsyncClient], times: int) -> list[float]:
    """Change the stage that many times, each time through another worker; return how long all of them took to follow."""
    took = []
    settings = list(SETTINGS)
    for number in range(times):
        setting = settings[number % len(settings)]
        began = monotonic()
        changed = await workers[number % len(workers)].post("/stage", json={"setting": setting})
        assert changed.json() == number + 1
        await asyncio.gather(*(path_becomes(worker, SETTINGS[setting]) for worker in workers))
        took.append(monotonic() - began)
    return took


async def path_becomes(worker: httpx.AsyncClient, path: str) -> None:
    async with asyncio.timeout(20):
        while (await worker.get("/answer")).headers["bridge-path"] != path:
            pass


async def restart_under_load(
    server: OwnServer, workers: list[httpx.AsyncClient], clients: list[httpx.AsyncClient]
) -> None:
    await workers[0].post("/stage", json={"setting": "native"})
    await asyncio.gather(*(path_becomes(worker, "native") for worker in workers))
    load = Load()
    asking = [asyncio.create_task(load.keep_asking(client)) for client in clients]
    try:
        await load.some_more()
        await asyncio.to_thread(server.stop)
        await asyncio.gather(*(worker_says(worker, failing=True) for worker in workers))
        await load.some_more(200)
        refused = await workers[0].post("/stage", json={"setting": "legacy"})
        assert (refused.status_code, "retry-after" in refused.headers) == (503, True), refused.text
        await asyncio.to_thread(server.start)
        await asyncio.gather(*(worker_says(worker, failing=False) for worker in workers))
        await load.some_more()
        assert load.paths == {"native"}, "the last good stage stands"
        began = monotonic()
        await workers[1].post("/stage", json={"setting": "legacy"})
        await asyncio.gather(*(path_becomes(worker, "bridged") for worker in workers))
        assert monotonic() - began < WITHIN_S
        await load.some_more()
    finally:
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
    assert set(load.answers) == {200}, load.answers


async def worker_says(worker: httpx.AsyncClient, *, failing: bool) -> None:
    async with asyncio.timeout(20):
        while (await worker.get("/worker")).json()["failing"] is not failing:
            pass
