"""A server that makes everything and then forks its workers, as ``gunicorn --preload`` does: ``python -m tests.integration.evidence.forking URL``."""

from __future__ import annotations

import asyncio
import os
import sys

from bridge import Database, Path
from bridge.evidence import EvidenceSettings, SQLEvidence, SystemClock, Tallies

OPERATION = "GET /a"
WORKERS, REQUESTS, BEFORE = 3, 100, 7


def serve(tallies: Tallies, requests: int) -> None:
    for _ in range(requests):
        tallies.served(OPERATION, Path.NATIVE, "v1", 200, None, 0.001)


async def work(store: SQLEvidence, tallies: Tallies) -> int:
    tallies.start()
    await read_twice_at_once(store)
    for _ in range(2):
        serve(tallies, REQUESTS // 2)
        await tallies.flush()
    return await end(store, tallies)


async def end(store: SQLEvidence, tallies: Tallies) -> int:
    """Return how many batches were not taken at once."""
    await tallies.close(patience=30.0)
    await store.close()
    return tallies.statistics().failures


async def read_twice_at_once(store: SQLEvidence) -> None:
    """Have one read wait for the other, which ties a lock to the event loop."""
    await asyncio.gather(store.read(), store.read())


async def prepare(store: SQLEvidence) -> None:
    await store.create_tables()
    await read_twice_at_once(store)  # which leaves a connection open


def main(url: str) -> None:
    store = SQLEvidence(Database(url))
    tallies = Tallies(store, EvidenceSettings(), SystemClock())
    asyncio.run(prepare(store))
    serve(tallies, BEFORE)
    workers = []
    for _ in range(WORKERS):
        worker = os.fork()
        if not worker:
            code = 1
            try:
                code = asyncio.run(work(store, tallies))
            finally:
                os._exit(code)
        workers.append(worker)
    codes = [os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]) for worker in workers]
    print(*codes, asyncio.run(end(store, tallies)), flush=True)  # noqa: T201  read by the test


if __name__ == "__main__":
    main(sys.argv[1])
