"""Identical databases with the models of these tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.pool import NullPool

from bridge.testing import TemplateDatabase
from tests.integration.porting.models import fill

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def writers(server_url: str) -> Iterator[TemplateDatabase]:
    """Yield a database with writers and books, to be cloned."""
    template = TemplateDatabase(server_url, fill)
    yield template
    template.drop()


@pytest.fixture
def writers_url(writers: TemplateDatabase) -> Iterator[str]:
    """Yield the URL of a fresh clone."""
    with writers.clone() as url:
        yield url


@pytest.fixture
def engine(writers_url: str) -> Iterator[Engine]:
    """Yield a synchronous engine on a fresh clone."""
    engine = create_engine(make_url(writers_url), poolclass=NullPool)
    yield engine
    engine.dispose()
