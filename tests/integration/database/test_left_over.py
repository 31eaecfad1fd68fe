"""What the layers do not make equal is what the page says, and still differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Connection, bindparam, func, insert, select, text, update

from bridge import Database, ParityLayers
from tests.docs.pages import rows
from tests.integration.database.both import on_connection
from tests.integration.database.tables import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable

MERGE = """
    MERGE INTO parity.samples USING (VALUES (9)) AS new (id) ON samples.id = new.id
    WHEN NOT MATCHED THEN INSERT (id) VALUES (new.id) RETURNING samples.id
"""
MIXED: list[dict[str, Any]] = [{"key": "1", "to": 8}, {"key": 1, "to": "9"}]


def batch(connection: Connection) -> object:
    statement = update(SAMPLES).where(SAMPLES.c.id == bindparam("key")).values(whole=bindparam("to"))
    return connection.execute(statement, MIXED).rowcount


LEFT: dict[str, tuple[Callable[[Connection], Any], str, str]] = {
    "float in an expression": (
        lambda c: c.scalar(select(func.coalesce(SAMPLES.c.whole, 1.5))),
        "Decimal('1.5')",
        "1.5",
    ),
    "several statements in one": (
        lambda c: c.scalar(text("SET LOCAL work_mem = '1MB'; SELECT 1")),
        "1",
        "ProgrammingError 42601 None",
    ),
    "tuple for IN": (
        lambda c: c.scalar(text("SELECT id FROM parity.samples WHERE id IN :ids"), {"ids": (1, 2)}),
        "1",
        "ProgrammingError 42601 None",
    ),
    "parameter of SET": (
        lambda c: c.execute(text("SET LOCAL work_mem = :size"), {"size": "1MB"}).returns_rows,
        "False",
        "ProgrammingError 42601 None",
    ),
    "bit string": (lambda c: c.scalar(text("SELECT B'101'")), "'101'", "<BitString 101>"),
    "composite value": (lambda c: c.scalar(text("SELECT row(1, 'x')")), "'(1,x)'", "(1, 'x')"),
    "rowcount of MERGE with RETURNING": (lambda c: c.execute(text(MERGE)).rowcount, "1", "-1"),
    "batch of mixed types": (batch, "2", "DataError 22000 None"),
}


@pytest.mark.parametrize("case", LEFT)
async def test_what_is_left_still_differs(case: str, database: Database) -> None:
    body, *expected = LEFT[case]

    def with_a_row(connection: Connection) -> Any:
        connection.execute(insert(SAMPLES), {"id": 1})
        return body(connection)

    assert [await on_connection(database, engine, with_a_row) for engine in ("sync", "async")] == expected


def test_the_page_lists_what_is_left() -> None:
    assert [cells[0] for cells in rows("docs/reference/parity-layers.md", "What is left")] == list(LEFT)


async def test_a_layer_is_left_out_as_the_page_shows(parity_url: str) -> None:
    url = parity_url
    database = Database(url, parity=ParityLayers(rowcounts=False))
    assert database.parity == ParityLayers(errors=True, rowcounts=False, values=True, parameters=True)
    assert not database.async_engine.dialect.supports_sane_multi_rowcount
    await database.dispose()
