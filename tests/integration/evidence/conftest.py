"""Evidence in a database of every kind."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest
from anyio import to_thread

from bridge.evidence import MemoryEvidence, SQLEvidence
from tests.integration.stages.stores import DATABASES, MISSING, database_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from bridge import Database
    from bridge.evidence import EvidenceStore


MOST = 3


@pytest.fixture(params=("memory", *DATABASES))
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database | None]:
    """Yield a database of each kind, and None for the memory of this process."""
    kind: str = request.param
    if MISSING.get(kind):
        pytest.skip(f"{kind} is not installed")

    def url_of(fixture: str) -> str:
        url: str = request.getfixturevalue(fixture)
        return url

    with database_of(kind, url_of, tmp_path) if kind in DATABASES else nullcontext() as database:
        yield database


@pytest.fixture
async def open_store(database: Database | None) -> AsyncIterator[Callable[[], EvidenceStore]]:
    """Yield what opens a store, the same one each time, as another process would."""
    if database is None:
        memory = MemoryEvidence()
        yield lambda: memory
        return
    # Their engines are made on a thread, because SQLite's looks for its file.
    stores = await to_thread.run_sync(lambda: [SQLEvidence(database) for _ in range(MOST)])
    await stores[0].create_tables()
    unused = iter(stores)
    yield lambda: next(unused)
    for store in stores:
        await store.close()
    await to_thread.run_sync(stores[0].metadata.drop_all, database.sync_engine)
    await database.dispose()
