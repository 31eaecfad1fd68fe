"""A store of each kind."""

from __future__ import annotations

from contextlib import nullcontext
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from tests.integration.stages.stores import DATABASES, KINDS, MISSING, database_of, opening

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from bridge import Database, StageStore


@pytest.fixture(scope="package", autouse=True)
def imported_extras() -> None:
    """Import the packages of the extras before there is an event loop, on which the import would block."""
    for package in ("openfeature", "tomlkit", "watchfiles"):
        import_module(package)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Name the kind of store that a test is about."""
    name: str = request.param
    if MISSING.get(name):
        pytest.skip(f"{name} is not installed")
    return name


@pytest.fixture
def database(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database | None]:
    """Yield the database of a store that has one."""

    def url_of(fixture: str) -> str:
        url: str = request.getfixturevalue(fixture)
        return url

    with database_of(kind, url_of, tmp_path) if kind in DATABASES else nullcontext() as database:
        yield database


@pytest.fixture
async def open_store(kind: str, database: Database | None, tmp_path: Path) -> AsyncIterator[Callable[[], StageStore]]:
    """Yield what opens a store, the same one each time, as another process would."""
    async with opening(kind, database, tmp_path) as open_one:
        yield open_one
