"""The server agrees about which statements only read."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import psycopg2
import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import make_url

from bridge.database.statements import only_reads
from tests.unit.database.sql_texts import soups

if TYPE_CHECKING:
    from collections.abc import Iterator

    from psycopg2.extensions import connection


@pytest.fixture
def reader(database_url: str) -> Iterator[connection]:
    """Connect for reads only, with a table that can be told from whatever is called so elsewhere."""
    url = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(psycopg2.connect(url)) as connected:
        connected.autocommit = True
        with connected.cursor() as cursor:
            cursor.execute("CREATE TABLE t (n int)")
        connected.readonly = True
        yield connected


@settings(max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=soups("SELECT 1 AS n ", "WITH a AS (SELECT 1 AS x) ", "WITH a AS (", "EXPLAIN ", "VALUES (1) ", "("))
def test_the_server_finds_nothing_to_write_in_what_only_reads(text: str, reader: connection) -> None:
    if not only_reads("postgresql", text):
        return
    with reader.cursor() as cursor:
        try:
            cursor.execute(text)
        except psycopg2.errors.ReadOnlySqlTransaction:
            pytest.fail(f"the server was to write: {text!r}")
        except psycopg2.Error:  # most are no SQL at all
            return
