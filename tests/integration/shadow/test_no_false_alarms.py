"""Correct ports are never accused, however fast others change the rows that they read."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession  # noqa: TC002 - the signatures are read at run time
from sqlalchemy.orm import Session  # noqa: TC002 - as above

from bridge import Database, Verdict
from tests.integration.shadow.reading import Checked, checked

if TYPE_CHECKING:
    import httpx

REQUESTS, WRITERS, READERS = 300, 8, 2
# Two statements, so that a path without a snapshot would see two moments.
TOTALS = text("SELECT sum(version) AS versions, sum(balance) AS balances FROM users")
NEWEST = text("SELECT id, version, balance FROM users ORDER BY version DESC, id LIMIT 5")


def _shown(totals: Any, newest: Any) -> dict[str, Any]:
    return {"versions": totals.versions, "balances": str(totals.balances), "newest": [dict(row) for row in newest]}


def declare(migration: Checked) -> None:
    def overview(session: Session) -> dict[str, Any]:
        return _shown(session.execute(TOTALS).one(), session.execute(NEWEST).mappings().all())

    @migration.router.get("/overview", legacy=overview)
    async def native(session: AsyncSession) -> dict[str, Any]:
        return _shown((await session.execute(TOTALS)).one(), (await session.execute(NEWEST)).mappings().all())


async def write_until(done: asyncio.Event, database: Database, number: int) -> int:
    """Move money between users of the first ten, all of whom every reader sees."""
    for turn in itertools.count():
        if done.is_set():
            return turn
        async with database.async_unit_of_work() as session:
            await session.execute(
                text("UPDATE users SET version = version + 1, balance = balance + 1 WHERE id = :id"),
                {"id": 1 + (number + turn) % 10},
            )
        await asyncio.sleep(0.03)
    raise AssertionError


async def read_all(client: httpx.AsyncClient, left: list[None]) -> None:
    while left:
        left.pop()
        assert (await client.get("/overview")).status_code == 200


@pytest.mark.timeout(120)
@pytest.mark.parametrize("stage", ["shadow", "verify"])
async def test_correct_ports_match_while_eight_writers_change_what_they_read(stage: str, database_url: str) -> None:
    async with checked(database_url, declare, stage=stage) as (migration, client):
        done, others = asyncio.Event(), Database(database_url)
        writing = [asyncio.create_task(write_until(done, others, number)) for number in range(WRITERS)]
        left = [None] * REQUESTS
        await asyncio.gather(*(read_all(client, left) for _ in range(READERS)))
        checks = await migration.settled()
        done.set()
        written = sum(await asyncio.gather(*writing))
        await others.dispose()
    assert [check for check in checks if check.verdict is not Verdict.MATCHED] == []
    assert len(checks) == REQUESTS, migration.bridge.checks.statistics()
    assert written > 20
