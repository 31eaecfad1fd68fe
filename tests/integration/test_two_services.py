"""Two services with operations of the same name share a database, and know nothing of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from anyio import to_thread

from bridge import SQLEvidence, SQLPublisher, SQLStageStore
from bridge.evidence import Batch, CounterKey, Document, Tally
from bridge.shadow import Verdict
from bridge.stages import Path
from tests.integration.stages.stores import database_of
from tests.unit.evidence.worlds import OPERATION, checked

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path as Directory

    from bridge import Database

TALLY = Tally(OPERATION, Path.NATIVE, "v1")


class Service:
    """What a service keeps in the database."""

    def __init__(self, database: Database, prefix: str) -> None:
        self.store = SQLStageStore(database, prefix=prefix)
        self.evidence = SQLEvidence(database, prefix=prefix)
        self.publisher = SQLPublisher(database, prefix=prefix)
        self.keepers = (self.store, self.evidence, self.publisher)

    async def work(self) -> None:
        await self.store.change(OPERATION, "native", who="ada", why="the port is proven", expected=0)
        await self.evidence.add(Batch("the same process id", 1, {CounterKey(TALLY, 100, "served"): 3}))
        await self.evidence.keep(Document("1", "rollback", OPERATION, 100.0, {}))
        await self.publisher.publish([checked(Verdict.MISMATCHED, "json.value")])

    async def kept(self) -> list[int]:
        """Return how much there is of each kind."""
        return [
            len(await self.store.load()),
            len(await self.store.history()),
            sum(counts.served for counts in (await self.evidence.read()).values()),
            len(await self.evidence.documents("rollback")),
            len(await self.publisher.differences()),
        ]


@pytest.fixture(params=["postgresql", "sqlite", "mariadb"])
def database(request: pytest.FixtureRequest, tmp_path: Directory) -> Iterator[Database]:
    def url_of(fixture: str) -> str:
        url: str = request.getfixturevalue(fixture)
        return url

    with database_of(request.param, url_of, tmp_path) as database:
        yield database


@pytest.fixture
async def services(database: Database) -> AsyncIterator[list[Service]]:
    # Their engines are made on a thread, because SQLite's looks for its file.
    services = await to_thread.run_sync(lambda: [Service(database, f"{name}_bridge_") for name in ("shop", "stock")])
    keepers = [keeper for service in services for keeper in service.keepers]
    for keeper in keepers:
        await keeper.create_tables()
    yield services
    for keeper in keepers:
        await keeper.close()
        await to_thread.run_sync(keeper.metadata.drop_all, database.sync_engine)
    await database.dispose()


async def test_services_with_prefixes_of_their_own_keep_to_themselves(services: list[Service]) -> None:
    shop, stock = services
    await shop.work()
    assert await shop.kept() == [1, 1, 3, 1, 1]
    assert await stock.kept() == [0, 0, 0, 0, 0]
    await stock.work()
    assert await stock.kept() == await shop.kept() == [1, 1, 3, 1, 1]
