"""
Measure what lies between asyncpg and a native unit of work. ``python -m benchmarks.native [ROUNDS]``.

Every way to load one row by its key, from the driver upwards, without HTTP: eight tasks at a time over ten connections. All ways take
turns in changing order; what counts is the median of the rounds, in CPU time of this process with its threads. How the server waits for
a slow network is not in it, which is where the event loop is cheap: see ``benchmarks.sizing``.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import asyncpg
import uvloop
from sqlalchemy import bindparam, create_engine, make_url, select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session

from benchmarks.layers import ROWS, Item, fill
from benchmarks.results import save
from bridge import Capacity, Database, PoolSettings, async_unit_of_work, offload
from bridge.testing import TemplateDatabase, postgres_server

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

CONNECTIONS, TASKS, TURNS = 10, 8, 10
SQL: Final = "SELECT id, name, price, made FROM items WHERE id = $1"
MADE_ONCE: Final = select(Item).where(Item.id == bindparam("key"))


def key() -> int:
    """Return the key of some row."""
    return random.randint(1, ROWS)  # noqa: S311 - no secret


async def ways(url: str) -> dict[str, Callable[[], Awaitable[object]]]:
    """Return every way to load a row, by its name."""
    location = make_url(url).set(drivername="postgresql")
    pool = await asyncpg.create_pool(
        location.render_as_string(hide_password=False), min_size=CONNECTIONS, max_size=CONNECTIONS
    )
    settings = PoolSettings(size=CONNECTIONS, overflow=0)
    database = Database(url, pool=settings)
    capacity = Capacity(CONNECTIONS)
    plain = create_async_engine(location.set(drivername="postgresql+asyncpg"), pool_size=CONNECTIONS, max_overflow=0)
    plain_sessions = async_sessionmaker(plain, expire_on_commit=False)
    plain_sync = create_engine(location.set(drivername="postgresql+psycopg2"), pool_size=CONNECTIONS, max_overflow=0)
    optioned = async_sessionmaker(
        database.async_engine.execution_options(isolation_level="AUTOCOMMIT"), expire_on_commit=False
    )

    async def in_transaction() -> None:
        async with pool.acquire() as connection, connection.transaction():
            await connection.fetchrow(SQL, key())

    async def core() -> None:
        async with plain.connect() as connection:
            (await connection.execute(select(Item.__table__).where(Item.id == key()))).one()

    async def session() -> None:
        async with plain_sessions() as made, made.begin():
            (await made.scalars(select(Item).where(Item.id == key()))).one()

    async def unit(*, read_only: bool) -> None:
        async with database.async_unit_of_work(read_only=read_only) as made:
            (await made.scalars(select(Item).where(Item.id == key()))).one()

    async def by_options() -> None:
        async with async_unit_of_work(optioned, ends_on_the_server=lambda _: False) as made:
            (await made.scalars(select(Item).where(Item.id == key()))).one()

    async def made_once() -> None:
        async with database.async_unit_of_work(read_only=True) as made:
            (await made.scalars(MADE_ONCE, {"key": key()})).one()

    async def sync_session() -> None:
        with Session(plain_sync) as made, made.begin():
            made.scalars(select(Item).where(Item.id == key())).one()

    def sync_unit(*, read_only: bool) -> None:
        with database.unit_of_work(read_only=read_only) as made:
            made.scalars(select(Item).where(Item.id == key())).one()

    def sync_made_once() -> None:
        with database.unit_of_work(read_only=True) as made:
            made.scalars(MADE_ONCE, {"key": key()}).one()

    return {
        "asyncpg, hand-written SQL": lambda: pool.fetchrow(SQL, key()),
        "asyncpg, in a transaction": in_transaction,
        "SQLAlchemy alone: asynchronous connection": core,
        "SQLAlchemy alone: asynchronous session": session,
        "SQLAlchemy alone: session on the event loop, blocking it": sync_session,
        "native": lambda: unit(read_only=False),
        "native, read-only": lambda: unit(read_only=True),
        "native, read-only by options of the engine": by_options,
        "native, read-only, statement made once": made_once,
        "bridged": lambda: offload(lambda: sync_unit(read_only=False), capacity=capacity),
        "bridged, read-only": lambda: offload(lambda: sync_unit(read_only=True), capacity=capacity),
        "bridged, read-only, statement made once": lambda: offload(sync_made_once, capacity=capacity),
    }


async def turn(way: Callable[[], Awaitable[object]]) -> float:
    """Return the CPU time of loading one row in µs."""

    async def task() -> None:
        for _ in range(TURNS):
            await way()

    started = time.process_time()
    await asyncio.gather(*(task() for _ in range(TASKS)))
    return (time.process_time() - started) / TASKS / TURNS * 1e6


async def measure(url: str, rounds: int) -> list[dict[str, Any]]:
    """Return the median of each way, and how often it holds that of hand-written SQL."""
    every = await ways(url)
    taken: dict[str, list[float]] = {name: [] for name in every}
    for number in range(rounds + 1):
        for name in random.sample(list(every), len(every)):
            us = await turn(every[name])
            if number:  # the first round compiles statements and fills caches
                taken[name].append(us)
    first = taken[next(iter(every))]
    return [
        {
            "way": name,
            "cpu_us": round(statistics.median(values)),
            "times_asyncpg": round(
                statistics.median(mine / theirs for mine, theirs in zip(values, first, strict=True)), 1
            ),
        }
        for name, values in taken.items()
    ]


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.native", description=__doc__)
    parser.add_argument("rounds", type=int, nargs="?", default=101, help="rounds (default 101)")
    rounds = parser.parse_args().rounds
    with postgres_server(Path(__file__).resolve().parent.parent / ".postgres") as server:
        template = TemplateDatabase(server, fill)
        with template.clone() as url:
            rows = uvloop.run(measure(url, rounds))
        template.drop()
    save("native", rows)
    for each in rows:
        print(f"{each['way']:58} {each['cpu_us']:6} us  {each['times_asyncpg']:5} x")


if __name__ == "__main__":
    main()
