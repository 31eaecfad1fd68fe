"""
Measure what each parity layer costs on asyncpg. ``python -m benchmarks.layers [ROUNDS]``.

All combinations of layers take turns, call by call and in changing order, so that a slow moment of the machine hits all of them. What
counts is the median of the calls, in CPU time of this process: the layers ask the server nothing, so that is all they can cost.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import time
from contextlib import asynccontextmanager
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import DateTime, Numeric, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from benchmarks.results import save
from bridge import Database, ParityLayers
from bridge.testing import TemplateDatabase, postgres_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from sqlalchemy import Engine

ROWS: Final = 1000
LAYERS: Final = [field.name for field in fields(ParityLayers)]
OFF: Final = dict.fromkeys(LAYERS, False)
VARIANTS: Final[dict[str, dict[str, bool]]] = {"none": OFF, **{name: {**OFF, name: True} for name in LAYERS}, "all": {}}


class Base(DeclarativeBase):
    """Tables of the benchmark."""


class Item(Base):
    """A row with values that the layers convert, and values that they do not."""

    __tablename__ = "items"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    made: Mapped[datetime] = mapped_column(DateTime(timezone=True))


def item(number: int) -> dict[str, Any]:
    """Return the values of a row; no two prices and no two moments are the same."""
    made = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=number * 97)
    return {"id": number, "name": f"item {number}", "price": Decimal(number * 7) / 100, "made": made}


def fill(engine: Engine) -> None:
    """Make the table and its rows."""
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(Item), [item(number) for number in range(1, ROWS + 1)])


async def checkout(database: Database) -> None:
    """Check a connection out, and give it back."""
    async with database.async_engine.connect():
        pass


async def connect(database: Database) -> None:
    """Open a connection of its own, and close it."""
    await database.async_engine.dispose()
    await checkout(database)


async def get_by_key(database: Database) -> None:
    """Do what a request does: a session, a transaction, one row by its key."""
    async with database.async_unit_of_work() as session:
        await session.get(Item, random.randint(1, ROWS))  # noqa: S311 - no secret


async def statements(database: Database) -> None:
    """Run twenty statements in one transaction."""
    async with database.async_engine.connect() as connection:
        for number in range(1, 21):
            await connection.execute(select(Item.id, Item.name).where(Item.id == number))


async def read(database: Database, *columns: Any) -> None:
    """Read one column of every row."""
    async with database.async_engine.connect() as connection:
        (await connection.execute(select(*columns))).all()


async def read_objects(database: Database) -> None:
    """Load every row as an object, whose prices and moments have not been seen before."""
    async with database.async_sessions() as session:
        (await session.scalars(select(Item))).all()


async def update_batch(database: Database) -> None:
    """Update half of the rows in one batch."""
    async with rolled_back(database) as session:
        statement = update(Item.__table__).where(Item.id == bindparam("key")).values(name=bindparam("to"))  # type: ignore[arg-type]  # the stubs call it a FromClause
        await (await session.connection()).execute(statement, [{"key": n, "to": "x"} for n in range(ROWS // 2)])


async def insert_batch(database: Database) -> None:
    """Insert as many rows again, as the ORM's bulk insert does."""
    async with rolled_back(database) as session:
        await session.execute(insert(Item), [item(number) for number in range(ROWS + 1, 2 * ROWS + 1)])


@asynccontextmanager
async def rolled_back(database: Database) -> AsyncIterator[AsyncSession]:
    """Open a session that leaves nothing behind."""
    async with database.async_sessions() as session:
        yield session
        await session.rollback()


# What is done, how often in a turn, and into how many parts the time of one is divided.
WORKS: Final[dict[str, tuple[Callable[[Database], Awaitable[None]], int, int]]] = {
    "open a connection": (connect, 3, 1),
    "checkout": (checkout, 40, 1),
    "request: get by key": (get_by_key, 40, 1),
    "statement": (statements, 2, 20),
    "row of integers": (lambda database: read(database, Item.id), 2, ROWS),
    "row of numerics": (lambda database: read(database, Item.price), 2, ROWS),
    "row of timestamps": (lambda database: read(database, Item.made), 2, ROWS),
    "row as an object": (read_objects, 1, ROWS),
    "row of an update batch": (update_batch, 1, ROWS // 2),
    "row of an insert batch": (insert_batch, 1, ROWS),
}


async def measure(url: str, rounds: int) -> list[dict[str, Any]]:
    """Return the median of each work with each combination, in microseconds."""
    databases = {name: Database(url, parity=ParityLayers(**layers)) for name, layers in VARIANTS.items()}
    runs: dict[tuple[str, str], list[float]] = {(work, name): [] for work in WORKS for name in VARIANTS}
    for _ in range(rounds + 1):
        for work, (do, times, parts) in WORKS.items():
            for _ in range(times):
                for name in random.sample(list(VARIANTS), len(VARIANTS)):
                    started = time.process_time()
                    await do(databases[name])
                    runs[work, name].append((time.process_time() - started) / parts * 1e6)
    for database in databases.values():
        await database.dispose()
    # The first round compiles statements and fills caches.
    medians = {key: statistics.median(values[WORKS[key[0]][1] :]) for key, values in runs.items()}
    return [row(work, {name: medians[work, name] for name in VARIANTS}) for work in WORKS]


def row(work: str, medians: dict[str, float]) -> dict[str, Any]:
    """Return what the page shows: the time without layers, what each adds, and the share of all together."""
    none = medians["none"]
    added = {f"{name}_us": round(medians[name] - none, 2) for name in LAYERS}
    share = f"{(medians['all'] / none - 1) * 100:+.1f} %"
    return {"work": work, "none_us": round(none, 2), **added, "all_us": round(medians["all"], 2), "all_added": share}


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.layers", description=__doc__)
    parser.add_argument("rounds", type=int, nargs="?", default=31, help="rounds (default 31)")
    rounds = parser.parse_args().rounds
    with postgres_server(Path(__file__).resolve().parent.parent / ".postgres") as server:
        template = TemplateDatabase(server, fill)
        with template.clone() as url:
            rows = asyncio.run(measure(url, rounds))
        template.drop()
    save("layers", rows)
    for each in rows:
        print("  ".join(f"{value:>12}" if key != "work" else f"{value:24}" for key, value in each.items()))


if __name__ == "__main__":
    main()
