"""A process that counts into a shared database: ``python -m tests.integration.evidence.counting URL REQUESTS``."""

from __future__ import annotations

import asyncio
import sys

from bridge import Database, Path
from bridge.evidence import EvidenceSettings, SQLEvidence, SystemClock, Tallies

OPERATIONS = ("GET /a", "GET /b", "POST /c")
# So that a batch is under way nearly all the time.
FLUSH_EVERY_S = 0.005
A_FEW = 50


async def main(url: str, requests: int) -> None:
    database = Database(url)
    store = SQLEvidence(database)
    await store.create_tables()
    tallies = Tallies(store, EvidenceSettings(flush_every=FLUSH_EVERY_S), SystemClock())
    tallies.start()
    for number in range(requests):
        operation = OPERATIONS[number % len(OPERATIONS)]
        tallies.served(operation, Path.NATIVE, "v1", 500 if number % 10 == 0 else 200, None, 0.001 * (1 + number % 7))
        if number % A_FEW == 0:
            await asyncio.sleep(FLUSH_EVERY_S)
    await tallies.close(patience=30.0)
    statistics = tallies.statistics()
    await store.close()
    await database.dispose()
    print(statistics.pending, statistics.dropped, tallies._number, flush=True)  # noqa: T201  read by the test


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
