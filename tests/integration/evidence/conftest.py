"""Evidence in a database of every kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from anyio import to_thread

from bridge.evidence import MemoryEvidence, SQLEvidence
from tests.integration.stages.stores import DATABASES, MISSING, database_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from bridge.evidence import EvidenceStore


@pytest.fixture(params=("memory", *DATABASES))
async def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Callable[[], EvidenceStore]]:
    """Yield what opens a store, the same one each time, as another process would."""
    kind: str = request.param
    if kind == "memory":
        memory = MemoryEvidence()
        yield lambda: memory
        return
    if MISSING.get(kind):
        pytest.skip(f"{kind} is not installed")

    def url_of(fixture: str) -> str:
        url: str = request.getfixturevalue(fixture)
        return url

    with database_of(kind, url_of, tmp_path) as database:
        stores: list[SQLEvidence] = []

        def open_one() -> SQLEvidence:
            stores.append(SQLEvidence(database))
            return stores[-1]

        await open_one().create_tables()
        yield open_one
        for store in stores:
            await store.close()
        await to_thread.run_sync(stores[0].metadata.drop_all, database.sync_engine)
        await database.dispose()
