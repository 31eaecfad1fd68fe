"""A hundred defects of ports are found by checking live requests, and named by the right rule."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from bridge import Database, Verdict, WriteCapture
from tests.integration.shadow.planted.defects import DEFECTS, REQUESTS
from tests.integration.shadow.planted.shop import BROKEN, ROWS, SCHEMA, TABLES, declare
from tests.integration.shadow.reading import Checked, checked

if TYPE_CHECKING:
    import httpx

    from bridge import Check
    from tests.integration.shadow.planted.defects import Defect

# Found, but by the name of another rule, or not at all; and why.
MISNAMED = {"rowcount-unknown": "of one row -1 is left, and a changed sign is as good a name for that"}


def execute(url: str, statements: str) -> None:
    """Run *statements* on a connection of their own."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(statements)


@pytest.fixture
async def shop_url(database_url: str) -> str:
    await asyncio.to_thread(execute, database_url, SCHEMA)
    database = await asyncio.to_thread(Database, database_url)
    await WriteCapture(database).install(TABLES)
    await database.dispose()
    return database_url


async def ask(client: httpx.AsyncClient, migration: Checked, request: tuple[str, str, object]) -> list[Check]:
    """Send a request, and return the checks it led to."""
    migration.checks.clear()
    method, url, body = request
    await client.request(method, url, json=body) if body is not None else await client.request(method, url)
    return list(await migration.settled())


def test_there_are_a_hundred_and_each_has_a_name_of_its_own() -> None:
    assert len(DEFECTS) >= 100
    assert len({defect.id for defect in DEFECTS}) == len(DEFECTS)
    assert set(MISNAMED) <= {defect.id for defect in DEFECTS}


async def test_ports_that_are_right_are_not_accused(shop_url: str) -> None:
    requests = [*REQUESTS.values(), *(defect.request for defect in DEFECTS if defect.request[0])]
    async with checked(shop_url, declare) as (migration, client):
        for request in requests:
            await asyncio.to_thread(execute, shop_url, ROWS)
            (check,) = await ask(client, migration, request)
            assert check.verdict is Verdict.MATCHED, (request, check.differences, check.reason)


@pytest.mark.timeout(180)
async def test_at_least_95_of_a_hundred_are_found_and_named_by_the_right_rule(shop_url: str) -> None:
    named: dict[str, set[str]] = {}
    async with checked(shop_url, declare) as (migration, client):
        for defect in DEFECTS:
            await asyncio.to_thread(execute, shop_url, ROWS)
            named[defect.id] = await rules_of(defect, client, migration)
    missed = {
        defect.id: (defect.rule, named[defect.id]) for defect in DEFECTS if not is_named(defect, named[defect.id])
    }
    assert set(missed) == set(MISNAMED), missed
    assert len(MISNAMED) <= len(DEFECTS) * 0.05


def is_named(defect: Defect, rules: set[str]) -> bool:
    """Return whether one of *rules* is the defect's, or a finer one: ``sql.wrong_value.rounding`` for ``sql.wrong_value``."""
    return any(rule == defect.rule or rule.startswith(f"{defect.rule}.") for rule in rules)


async def rules_of(defect: Defect, client: httpx.AsyncClient, migration: Checked) -> set[str]:
    """Return the rules that name what the defect does to a request."""
    BROKEN[defect.operation] = defect.port
    try:
        (check,) = await ask(client, migration, defect.request if defect.request[0] else REQUESTS[defect.operation])
    finally:
        del BROKEN[defect.operation]
    if check.verdict is not Verdict.MISMATCHED:
        return {f"{check.verdict.value}: {check.reason}"}
    return {difference.rule for difference in check.differences if difference.excused is None}
