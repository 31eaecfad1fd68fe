"""A database whose zone, session zone and process zone are all different."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateSchema

from bridge import Database
from tests.integration.database.tables import Base

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

SERVER_ZONE, PROCESS_ZONE = "America/New_York", "Pacific/Auckland"


@pytest.fixture(autouse=True)
def zones_read(no_blocking_calls: None) -> None:
    """Read the files of the zones that tests switch to in the middle; that of the first comes without blocking the loop."""
    for zone in ("Asia/Kolkata", "Asia/Tokyo", "Europe/Berlin"):
        ZoneInfo(zone)


@pytest.fixture
def process_zone() -> Iterator[None]:
    """Have the process keep another time than the server."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = PROCESS_ZONE
    time.tzset()
    yield
    os.environ.pop("TZ")
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


@pytest.fixture
def parity_url(database_url: str, process_zone: None) -> str:
    """Return the URL of a database with our tables, in a time zone of its own."""
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(CreateSchema("parity"))
        Base.metadata.create_all(connection)
        connection.execute(text(f"ALTER DATABASE \"{engine.url.database}\" SET timezone = '{SERVER_ZONE}'"))
    return database_url


@pytest.fixture
async def database(parity_url: str) -> AsyncIterator[Database]:
    """Yield both engines, with every layer."""
    database = Database(parity_url)
    yield database
    await database.dispose()
