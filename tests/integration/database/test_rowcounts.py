"""Both engines know how many rows a statement touched, and the ORM notices a row that is gone or stale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import asyncpg
import pytest
from sqlalchemy import Connection, bindparam, delete, event, insert, select, text, update

from bridge import Database, ParityLayers
from tests.integration.database.both import ENGINES, in_session, on_connection
from tests.integration.database.tables import SAMPLES, Sample, Versioned

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

MERGE = """
    MERGE INTO parity.samples USING (VALUES (1), (2), (9)) AS new (id) ON samples.id = new.id
    WHEN MATCHED THEN UPDATE SET name = 'merged' WHEN NOT MATCHED THEN INSERT (id) VALUES (new.id)
"""
KEYED = (SAMPLES.c.id == bindparam("key"),)


def three_rows(connection: Connection) -> None:
    connection.execute(insert(Sample), [{"id": number, "name": "x"} for number in (1, 2, 3)])


COUNTS: dict[str, tuple[Any, Any, int]] = {
    "update": (update(SAMPLES).where(SAMPLES.c.id < 3).values(name="y"), {}, 2),
    "update-batch": (update(SAMPLES).where(*KEYED).values(name="y"), [{"key": 1}, {"key": 2}, {"key": 7}], 2),
    "update-batch-of-many-each": (update(SAMPLES).where(SAMPLES.c.id < bindparam("key")).values(name="y"), [{"key": 3}, {"key": 4}], 5),
    "update-batch-of-one": (update(SAMPLES).where(*KEYED).values(name="y"), [{"key": 1}], 1),
    "delete-batch": (delete(SAMPLES).where(*KEYED), [{"key": 1}, {"key": 1}, {"key": 2}], 2),
    "insert-batch": (insert(SAMPLES), [{"id": 4}, {"id": 5}], 2),
    "text-insert-batch": (text("INSERT INTO parity.samples (id) VALUES (:id)"), [{"id": 4}, {"id": 5}], 2),
    "text-insert-batch-with-conflict": (
        text("INSERT INTO parity.samples (id) VALUES (:id) ON CONFLICT DO NOTHING -- at the end"),
        [{"id": 1}, {"id": 5}],
        1,
    ),
    "text-update-batch-with-semicolon": (text("UPDATE parity.samples SET name = 'y' WHERE id = :id;"), [{"id": 1}, {"id": 7}], 1),
    "text-update-batch": (text("UPDATE parity.samples SET name = 'y' WHERE id = :id"), [{"id": 1}, {"id": 7}], 1),
    "merge": (text(MERGE), {}, 3),
    "merge-batch": (text(MERGE.replace("(9)", "(:id)")), [{"id": 8}, {"id": 9}], 6),
}  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", COUNTS)
async def test_the_number_of_rows_is_known(case: str, engine: str, database: Database) -> None:
    statement, values, expected = COUNTS[case]

    def body(connection: Connection) -> int:
        three_rows(connection)
        return connection.execute(statement, values).rowcount

    assert await on_connection(database, engine, body) == str(expected)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", ["merge", "update-batch"])
async def test_what_comes_first_in_a_transaction_belongs_to_it(case: str, engine: str, database: Database) -> None:
    def prepare(connection: Connection) -> None:
        three_rows(connection)
        connection.commit()

    def body(connection: Connection) -> tuple[int, int]:
        touched = connection.execute(*COUNTS[case][:2]).rowcount
        connection.rollback()
        return touched, connection.scalar(text("SELECT count(*) FROM parity.samples WHERE name <> 'x'")) or 0

    await on_connection(database, engine, prepare)
    assert await on_connection(database, engine, body) == f"({COUNTS[case][2]}, 0)"


class Counting(asyncpg.Connection):  # type: ignore[misc]  # asyncpg is not typed
    """A connection that counts the batches and the single statements it is given."""

    batches: ClassVar[list[int]] = []

    async def fetchmany(self, query: str, args: Any, **options: Any) -> Any:
        self.batches.append(len(args))
        return await super().fetchmany(query, args, **options)


async def test_a_batch_is_sent_at_once_however_many_rows_it_has(parity_url: str) -> None:
    database = Database(parity_url)
    event.listen(
        database.async_engine.sync_engine,
        "do_connect",
        lambda *arguments: arguments[-1].update(connection_class=Counting),
    )

    def body(connection: Connection) -> int:
        connection.execute(insert(SAMPLES), [{"id": number} for number in range(500)])
        statement = update(SAMPLES).where(*KEYED).values(name="y")
        return connection.execute(statement, [{"key": number} for number in range(500)]).rowcount

    assert await on_connection(database, "async", body) == "500"
    assert Counting.batches == [499]
    await database.dispose()


def versions(session: Session) -> list[Versioned]:
    session.add_all([Versioned(id=number, name="x") for number in (1, 2, 3)])
    session.flush()
    return list(session.scalars(select(Versioned).order_by(Versioned.id)))


def samples(session: Session) -> list[Sample]:
    session.add_all([Sample(id=number, name="x") for number in (1, 2, 3)])
    session.flush()
    return list(session.scalars(select(Sample).order_by(Sample.id)))


def update_where_one_is_gone(session: Session) -> None:
    rows = samples(session)
    session.execute(text("DELETE FROM parity.samples WHERE id = 2"))
    for row in rows:
        row.name = "y"
    session.flush()


def update_where_one_is_stale(session: Session) -> None:
    rows = versions(session)
    session.execute(text("UPDATE parity.versioned SET version = 9 WHERE id = 2"))
    for row in rows:
        row.name = "y"
    session.flush()


def delete_where_one_is_stale(session: Session) -> None:
    rows = versions(session)
    session.execute(text("UPDATE parity.versioned SET version = 9 WHERE id = 2"))
    for row in rows:
        session.delete(row)
    session.flush()


def bulk_update_where_one_is_gone(session: Session) -> None:
    samples(session)
    session.execute(update(Sample), [{"id": 1, "name": "y"}, {"id": 2, "name": "y"}, {"id": 7, "name": "y"}])


STALE: tuple[Callable[[Session], None], ...] = (
    update_where_one_is_gone,
    update_where_one_is_stale,
    delete_where_one_is_stale,
    bulk_update_where_one_is_gone,
)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("body", STALE, ids=lambda body: body.__name__)
async def test_a_row_that_is_gone_or_stale_is_noticed(
    body: Callable[[Session], None], engine: str, database: Database
) -> None:
    assert await in_session(database, engine, body) == "StaleDataError None None"


@pytest.mark.parametrize("engine", ENGINES)
async def test_rows_that_are_there_are_updated_and_deleted(engine: str, database: Database) -> None:
    def body(session: Session) -> list[str]:
        rows = versions(session)
        for row in rows:
            row.name = "y"
        session.flush()
        names = list(session.scalars(text("SELECT name FROM parity.versioned ORDER BY id")))
        for row in rows:
            session.delete(row)
        session.flush()
        return [*names, str(session.scalar(text("SELECT count(*) FROM parity.versioned")))]

    assert await in_session(database, engine, body) == "['y', 'y', 'y', '0']"


async def test_without_the_layer_a_batch_is_not_counted(parity_url: str) -> None:
    database = Database(parity_url, parity=ParityLayers(rowcounts=False))
    statement, values, _ = COUNTS["update-batch"]

    def body(connection: Connection) -> int:
        three_rows(connection)
        return connection.execute(statement, values).rowcount

    assert await on_connection(database, "async", body) == "-1"
    assert await in_session(database, "async", update_where_one_is_gone) == "None"
    await database.dispose()


async def test_an_insert_of_many_rows_takes_few_statements(database: Database) -> None:
    sent: list[int] = []

    def body(connection: Connection) -> None:
        event.listen(connection, "before_cursor_execute", lambda *_: sent.append(1))
        connection.execute(insert(SAMPLES), [{"id": number} for number in range(2000)])

    await on_connection(database, "async", body)
    assert len(sent) == 2
