"""Triggers show which rows a checked transaction writes, and nothing to anybody else."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from anyio import to_thread
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from bridge import Database, WriteInReadOnlyUnit, WritesNotCheckable
from bridge.shadow import WriteCapture, WriteKind, WriteSet
from bridge.shadow.write_recording import record_writes
from tests.integration.shadow.writing import Note, contents, create

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bridge.shadow.write_recording import WriteRecording
    from tests.integration.server_side import ServerSide

MORE = """
CREATE TABLE audit (id serial PRIMARY KEY, what text);
CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO audit (what) VALUES (TG_OP); RETURN NULL;
END $$;
CREATE TRIGGER audit AFTER UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION audit();
CREATE CONSTRAINT TRIGGER late AFTER DELETE ON notes DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit();
CREATE SCHEMA elsewhere;
CREATE TABLE elsewhere."odd Name" (a integer, "B c" text, amount numeric(10, 2), PRIMARY KEY ("B c", a));
CREATE TABLE parts (id integer, at integer, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (0) TO (10);
CREATE TABLE parts_high PARTITION OF parts FOR VALUES FROM (10) TO (20);
CREATE TABLE keyless (x integer);
"""
TABLES = ["notes", "lines", "audit", 'elsewhere."odd Name"', "parts", "keyless"]
ENGINES = pytest.mark.parametrize("engine", ["sync", "async"])


@pytest.fixture
async def database(database_url: str, server: ServerSide) -> AsyncIterator[Database]:
    await asyncio.to_thread(create, server)
    await asyncio.to_thread(server.run, MORE)
    made = await asyncio.to_thread(Database, database_url)
    await WriteCapture(made).install(TABLES)
    yield made
    await made.dispose()


async def recorded(database: Database, *statements: str, engine: str = "async") -> WriteRecording:
    """Return what a transaction of these statements wrote."""

    def synchronous() -> None:
        with database.unit_of_work() as session:
            for statement in statements:
                session.execute(text(statement))

    with record_writes() as recording:
        if engine == "sync":
            await to_thread.run_sync(synchronous)
        else:
            async with database.async_unit_of_work() as session:
                for statement in statements:
                    await session.execute(text(statement))
    return recording


async def written(database: Database, *statements: str, engine: str = "async") -> list[tuple[str, str, Any]]:
    writes = (await recorded(database, *statements, engine=engine)).write_set()
    assert writes is not None
    return [(row.table, row.kind.value, dict(row.key)) for row in writes.rows]


@ENGINES
async def test_bulk_statements_cascades_and_triggers_are_seen(engine: str, database: Database) -> None:
    rows = await written(
        database, "DELETE FROM notes WHERE id = 1", "UPDATE notes SET stock = stock + 1", engine=engine
    )
    assert sorted(rows, key=str) == [
        ("audit", "insert", {"id": 1}),
        ("audit", "insert", {"id": 2}),
        ("audit", "insert", {"id": 3}),  # by the deferred trigger
        ("lines", "delete", {"id": 1}),
        ("lines", "delete", {"id": 2}),
        ("notes", "delete", {"id": 1}),
        ("notes", "update", {"id": 2}),
        ("notes", "update", {"id": 3}),
    ]


@ENGINES
async def test_values_are_as_the_database_has_them(engine: str, database: Database) -> None:
    recording = await recorded(
        database, """INSERT INTO elsewhere."odd Name" VALUES (1, 'x', 1.1)""", "SET LOCAL timezone = 'Asia/Tokyo'",
        "INSERT INTO notes (title, written) VALUES ('t', '2026-11-24 12:00+01')", engine=engine,
    )  # fmt: skip
    writes = recording.write_set()
    assert writes is not None
    odd, note = writes.rows
    assert (odd.table, dict(odd.key)) == ("elsewhere.odd Name", {"a": 1, "B c": "x"})
    assert odd.after is not None
    assert str(odd.after["amount"]) == "1.10"
    assert note.after is not None
    assert note.after["written"] == "2026-11-24T11:00:00+00:00"


async def test_a_row_that_moves_between_partitions_is_updated(database: Database) -> None:
    rows = await written(database, "INSERT INTO parts VALUES (1, 1)", "UPDATE parts SET at = 11")
    assert rows == [("parts", "insert", {"id": 1, "at": 11})]
    assert await written(database, "UPDATE parts SET id = 2 WHERE at = 11") == [
        ("parts", "update", {"id": 1, "at": 11})
    ]


async def test_what_a_savepoint_took_back_is_not_there(database: Database) -> None:
    undone = ("SAVEPOINT a", "UPDATE notes SET stock = 0", "ROLLBACK TO SAVEPOINT a")
    assert await written(database, *undone, "DELETE FROM lines WHERE id = 3") == [("lines", "delete", {"id": 3})]


async def test_limits_are_named(database: Database, server: ServerSide) -> None:
    server.run("CREATE TABLE unknown (id integer PRIMARY KEY)")
    statements = ("TRUNCATE lines", "INSERT INTO unknown VALUES (1)", "INSERT INTO keyless VALUES (1), (1)")
    writes = (await recorded(database, *statements)).write_set()
    assert writes is not None
    assert [row.kind for row in writes.rows] == [WriteKind.INSERT] * 2
    assert set(writes.limits) == {
        "lines was truncated, and the rows that it held are not known",
        "keyless has no primary key",
        "public.unknown was written, and has no trigger that captures its rows",
    }


async def test_earlier_writes_of_a_connection_are_no_limit_of_this_transaction(
    database: Database, server: ServerSide
) -> None:
    """The server's counters go on for a while after a commit."""
    server.run("CREATE TABLE unknown (id integer PRIMARY KEY)")
    async with database.async_unit_of_work() as session:
        await session.execute(text("INSERT INTO unknown VALUES (1)"))
    writes = (await recorded(database, "UPDATE notes SET stock = 1 WHERE id = 1")).write_set()
    assert writes is not None
    assert writes.limits == ()


async def test_ordinary_transactions_capture_nothing_and_nothing_remains(
    database: Database, server: ServerSide
) -> None:
    async with database.async_unit_of_work() as session:
        await session.execute(text("UPDATE notes SET stock = 1"))
        assert await session.scalar(text("SELECT count(*) FROM bridge.row_writes")) == 0
    await written(database, "UPDATE notes SET stock = 2")
    assert server.rows("SELECT * FROM bridge.row_writes") == []
    async with database.async_unit_of_work() as session:
        await session.execute(text("UPDATE notes SET stock = 3"))
        assert await session.scalar(text("SELECT count(*) FROM bridge.row_writes")) == 0


@ENGINES
async def test_a_commit_that_fails_is_the_error_it_would_be(
    engine: str, database: Database, server: ServerSide
) -> None:
    before = contents(server)
    with pytest.raises(IntegrityError, match="lines_note_fkey"):
        await recorded(database, "INSERT INTO lines (note) VALUES (4000)", engine=engine)
    assert contents(server) == before
    assert await written(database, "UPDATE lines SET words = 'z' WHERE id = 1", engine=engine)


@ENGINES
async def test_rows_that_cannot_be_read_leave_the_commit_alone(
    engine: str, database: Database, server: ServerSide
) -> None:
    server.run("REVOKE ALL ON FUNCTION bridge.take_row_writes(text) FROM PUBLIC")
    server.run(
        "CREATE OR REPLACE FUNCTION bridge.take_row_writes(default_schema text) RETURNS TABLE "
        "(table_name text, operation text, key text[], before text, after text) LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE 'no'; END $$"
    )
    recording = await recorded(database, "UPDATE notes SET stock = 77 WHERE id = 1", engine=engine)
    assert recording.write_set() is None
    assert recording.reason is not None
    assert server.rows("SELECT stock FROM notes WHERE id = 1") == [(77,)]


async def test_an_application_without_rights_to_the_table_still_has_its_rows_captured(
    database: Database, database_url: str, server: ServerSide
) -> None:
    server.run("DROP ROLE IF EXISTS modest")
    server.run("CREATE ROLE modest")
    server.run("GRANT ALL ON ALL TABLES IN SCHEMA public TO modest")
    server.run("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO modest")
    try:
        rows = await written(database, "SET LOCAL ROLE modest", "UPDATE notes SET stock = 5 WHERE id = 1", "RESET ROLE")
        refused = server.rows("SELECT has_table_privilege('modest', 'bridge.row_writes', 'SELECT')")
    finally:
        server.run("DROP OWNED BY modest; DROP ROLE modest")
    assert ("notes", "update", {"id": 1}) in rows
    assert refused == [(False,)]


async def test_installing_again_and_uninstalling(database: Database, server: ServerSide) -> None:
    capture = WriteCapture(database)
    await capture.install([Note.__table__, "lines"])  # type: ignore[list-item]  # the table of a mapped class is a Table
    assert await capture.missing([*TABLES, "pg_class"]) == ("pg_class",)
    await capture.uninstall(TABLES)
    assert await capture.missing(["notes"]) == ("notes",)
    assert server.rows("SELECT 1 FROM pg_trigger WHERE tgname LIKE 'bridge%'") == []
    assert server.rows("SELECT to_regnamespace('bridge')") == [(None,)]
    recording = await recorded(database, "UPDATE notes SET stock = 6")
    assert recording.write_set() is None
    assert recording.reason is not None


async def test_read_only_units_write_nothing_and_still_refuse_to(database: Database) -> None:
    def in_thread() -> None:
        with database.unit_of_work(read_only=True) as session:
            session.execute(text("SELECT 1"))
            with pytest.raises(WriteInReadOnlyUnit):
                session.execute(text("DELETE FROM notes"))

    with record_writes() as recording:
        async with database.async_unit_of_work(read_only=True) as session:
            await session.execute(text("SELECT 1"))
        await asyncio.to_thread(in_thread)
    assert recording.write_set() == WriteSet()


async def test_other_databases_are_refused(tmp_path: Any) -> None:
    database = await asyncio.to_thread(lambda: Database(f"sqlite:///{tmp_path}/a.db"))
    with pytest.raises(WritesNotCheckable):
        WriteCapture(database)
