"""A real PostgreSQL server, a template database, and applications over clones of it."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import httpx
import pytest
from anyio import to_thread
from blockbuster import blockbuster_ctx
from sqlalchemy.orm import Session

from async_app.app import compose
from async_app.settings import Settings
from bridge.database import PAIRS
from bridge.testing import TemplateDatabase, postgres_server
from legacy_sync.database import create_schema
from legacy_sync.seed import seed
from tests import mariadb, tls_postgres

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from sqlalchemy.engine import Engine

    from async_app.app import Composition

ROOT = Path(__file__).resolve().parent.parent
SECRET_KEY = "a secret for tests"
# Enough rows for several pages, few enough to compare them all after each exchange.
USERS, POSTS = 40, 120


@pytest.fixture(scope="session", autouse=True)
def fast_password_hashes() -> None:
    """Hash with the least work argon2 accepts: many tests create users."""
    os.environ["ARGON2_PROFILE"] = "fast"


@pytest.fixture(scope="session", autouse=True)
def imported_drivers() -> None:
    """Import every driver before there is an event loop, on which the import would block."""
    for pair in PAIRS:
        pair.require()


@pytest.fixture(autouse=True)
def no_blocking_calls() -> Iterator[None]:
    """Make a blocking call on the event loop an error in every test."""
    with blockbuster_ctx(["bridge", "legacy_sync", "async_app"]) as guard:
        # asyncpg looks for ~/.pgpass and certificates whenever it opens a connection.
        for function in guard.functions.values():
            function.can_block_in("asyncpg/connect_utils.py", "_parse_connect_dsn_and_args")
        yield


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """Yield the URL of a PostgreSQL server: the one of DATABASE_URL, or our own."""
    given = os.environ.get("DATABASE_URL")
    if given:
        yield given
        return
    with postgres_server(ROOT / ".postgres" / "tests", in_memory=True) as url:
        yield url


@pytest.fixture(scope="session")
def mariadb_url() -> Iterator[str]:
    """Yield the URL of a MariaDB server with TLS and an empty database of its own, or skip where it is not installed."""
    if mariadb.MISSING:
        pytest.skip(mariadb.MISSING)
    with TemporaryDirectory(prefix="mariadb") as directory, mariadb.mariadb_server(Path(directory)) as url:
        yield url


@pytest.fixture(scope="session")
def tls_server() -> Iterator[tls_postgres.TLSServer]:
    """Yield a PostgreSQL server with TLS, or skip where it is not installed."""
    if tls_postgres.MISSING:
        pytest.skip(tls_postgres.MISSING)
    with TemporaryDirectory(prefix="postgres") as directory:
        Path(directory).chmod(0o755)  # the server's account has to get at its data
        with tls_postgres.tls_postgres_server(Path(directory)) as server:
            yield server


@pytest.fixture(scope="session")
def template(server_url: str, fast_password_hashes: None) -> Iterator[TemplateDatabase]:
    """Yield a database with seeded rows, to be cloned."""
    database = TemplateDatabase(server_url, fill)
    yield database
    database.drop()


@pytest.fixture
def database_url(template: TemplateDatabase) -> Iterator[str]:
    """Yield the URL of a fresh clone of the template."""
    with template.clone() as url:
        yield url


def fill(engine: Engine) -> None:
    """Create the schema and the seeded rows."""
    create_schema(engine)
    with Session(engine) as session:
        seed(session, users=USERS, posts=POSTS)
        session.commit()


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[tuple[Composition, httpx.AsyncClient]]:
    """Compose the application, reach it through ASGI, and close it."""
    composition = await to_thread.run_sync(compose, settings)
    transport = httpx.ASGITransport(composition.app, raise_app_exceptions=False)
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            yield composition, client
    finally:
        await composition.bridge.close()


def settings_for(path: str, url: str) -> Settings:
    """Return the settings under which every operation is answered on *path*."""
    return Settings(
        database_url=url,
        secret_key=SECRET_KEY,
        ported=path != "flask",
        default_stage="native" if path == "native" else "legacy",
    )
