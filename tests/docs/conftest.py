"""A database of the example application."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bridge.testing import TemplateDatabase
from docs.examples.shop import fill

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def shop_template(server_url: str) -> Iterator[TemplateDatabase]:
    """Yield a database with a few rows, to be cloned."""
    template = TemplateDatabase(server_url, fill)
    yield template
    template.drop()


@pytest.fixture
def shop_url(shop_template: TemplateDatabase) -> Iterator[str]:
    """Yield the URL of a fresh clone."""
    with shop_template.clone() as url:
        yield url
