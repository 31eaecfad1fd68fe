"""Real PostgreSQL, seen from outside as well."""

from __future__ import annotations

import pytest

from tests.integration.server_side import ServerSide


@pytest.fixture
def server(database_url: str) -> ServerSide:
    """Look at the database of this test."""
    return ServerSide(database_url)
