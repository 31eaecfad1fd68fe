"""Every kind of store, each opened as often as there are processes that share it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

from anyio import to_thread
from sqlalchemy import make_url

from bridge import Database, FileStageStore, MemoryStageStore, PoolSettings, SQLStageStore
from tests.integration.pgbouncer import PROGRAM, pgbouncer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from bridge import StageStore

__all__ = ["DATABASES", "KINDS", "database_of", "opening"]

DATABASES = ("postgresql", "psycopg", "pgbouncer", "sqlite", "mariadb")
MOST = 5
KINDS = ("memory", "file", *DATABASES)


@contextmanager
def database_of(kind: str, url_of: Callable[[str], str], directory: Path) -> Iterator[Database]:
    """Make the database of one kind; *url_of* starts the server that a fixture names."""
    pool = PoolSettings(size=1, overflow=0)
    if kind == "pgbouncer":
        with pgbouncer(url_of("database_url")) as url:
            yield Database(url, pool=PoolSettings(size=1, overflow=0, transaction_pooler=True))
    elif kind == "psycopg":
        yield Database(make_url(url_of("database_url")).set(drivername="postgresql+psycopg"), pool=pool)
    elif kind == "sqlite":
        yield Database(f"sqlite:///{directory}/stages.db", pool=pool)
    else:
        yield Database(url_of("mariadb_url" if kind == "mariadb" else "database_url"), pool=pool)


@asynccontextmanager
async def opening(kind: str, database: Database | None, directory: Path) -> AsyncIterator[Callable[[], StageStore]]:
    """Yield what opens the same store once more; close all of them, and leave nothing behind."""
    memory = MemoryStageStore()

    def open_store() -> StageStore:
        if kind == "file":
            return FileStageStore(directory / "stages.toml")
        return memory if database is None else SQLStageStore(database)

    # On a thread, since engines and extras are made before there is an event loop elsewhere.
    stores = await to_thread.run_sync(lambda: [open_store() for _ in range(MOST)])
    if isinstance(stores[0], SQLStageStore):
        await stores[0].create_tables()
    unused = iter(stores)
    try:
        yield lambda: next(unused)
    finally:
        await asyncio.gather(*(store.close() for store in stores))
        if database is not None and isinstance(stores[0], SQLStageStore):
            await to_thread.run_sync(stores[0].metadata.drop_all, database.sync_engine)
            await database.dispose()


MISSING = {"pgbouncer": PROGRAM is None}
