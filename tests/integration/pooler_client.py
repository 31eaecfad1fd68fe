"""A client of a pooled database, in a process of its own: ``python -m tests.integration.pooler_client URL DECLARED REQUESTS``."""

from __future__ import annotations

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from itertools import count

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from bridge import Database, PoolSettings

# Different statements and types, so that a name or a type of one does for no other.
STATEMENTS = [f"SELECT :value + {number} AS a{number}, CAST(:label AS text) AS b{number}" for number in range(20)]
UPDATE = text("UPDATE posts SET title = :title WHERE id = :id")
CONCURRENT = 8


def parameters(number: int) -> dict[str, object]:
    return {"value": Decimal(number), "label": f"number {number}"}


def write(number: int) -> dict[str, object]:
    return {"title": f"title {number}", "id": number % 7 + 1}


def request(database: Database, number: int) -> bool:
    try:
        with database.unit_of_work() as session:
            session.execute(text("SET LOCAL work_mem = '8MB'"))
            row = session.execute(text(STATEMENTS[number % 20]), parameters(number)).one()
            session.execute(UPDATE, write(number))
    except SQLAlchemyError:
        return False
    return (row[0], row[1]) == (number + number % 20, f"number {number}")


async def async_request(database: Database, number: int) -> bool:
    try:
        async with database.async_unit_of_work() as session:
            await session.execute(text("SET LOCAL work_mem = '8MB'"))
            row = (await session.execute(text(STATEMENTS[number % 20]), parameters(number))).one()
            await session.execute(UPDATE, write(number))
    except SQLAlchemyError:
        return False
    return (row[0], row[1]) == (number + number % 20, f"number {number}")


async def main(url: str, *, declared: bool, requests: int) -> int:
    database = Database(url, pool=PoolSettings(size=CONCURRENT, overflow=0, transaction_pooler=declared))
    numbers = count()
    answers: list[bool] = []

    async def client() -> None:
        while (number := next(numbers)) < requests:
            answers.append(await async_request(database, number))

    with ThreadPoolExecutor(CONCURRENT) as threads:
        legacy = asyncio.gather(
            *(asyncio.get_running_loop().run_in_executor(threads, request, database, n) for n in range(requests))
        )
        await asyncio.gather(*(client() for _ in range(CONCURRENT)))
        answers += await legacy
    await database.dispose()
    return sum(answers)


if __name__ == "__main__":
    print(asyncio.run(main(sys.argv[1], declared=sys.argv[2] == "yes", requests=int(sys.argv[3]))))  # noqa: T201  read by the test
