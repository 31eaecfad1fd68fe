"""One application with every port, correct and not, over one database."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest_asyncio

from bridge import Database, FlaskCompat
from bridge.shadow import WriteCapture
from tests.integration.server_side import ServerSide
from tests.integration.shadow.defects.planting import declare
from tests.integration.shadow.defects.schema import RESTORE, SCHEMA, TABLES
from tests.integration.shadow.defects.table import PLANTED, PORTED
from tests.integration.shadow.reading import EAGER, Checked, checked

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from bridge.testing import TemplateDatabase

# Where the machine is busy, a port is not to be given up for that.
PATIENT = replace(EAGER, deadline=2.0, write_deadline=5.0, write_lock_timeout=4.0)

Shop = tuple[Checked, "httpx.AsyncClient"]


def build(migration: Checked) -> None:
    for number, operation in enumerate(PORTED):
        declare(migration, f"/correct{number}", operation)
    for number, (operation, defect) in enumerate(PLANTED):
        compat = {"compat": replace(FlaskCompat(migration.legacy), **defect.compat)} if defect.compat else {}
        declare(migration, f"/defect{number}", operation, defect.native, **defect.options, **compat)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def application(template: TemplateDatabase) -> AsyncIterator[tuple[Checked, httpx.AsyncClient, ServerSide]]:
    with template.clone() as url:
        server = ServerSide(url)
        await asyncio.to_thread(server.run, SCHEMA)
        database = await asyncio.to_thread(Database, url)
        await WriteCapture(database).install(TABLES)
        await database.dispose()
        async with checked(url, build, settings=PATIENT) as (migration, client):
            yield migration, client, server


@pytest_asyncio.fixture(loop_scope="module")
async def shop(application: tuple[Checked, httpx.AsyncClient, ServerSide]) -> Shop:
    migration, client, server = application
    await asyncio.to_thread(server.run, RESTORE)
    migration.checks.clear()
    return migration, client
