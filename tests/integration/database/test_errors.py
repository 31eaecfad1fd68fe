"""An error has the same class and carries the same facts on both engines."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

import pytest
from anyio import to_thread
from sqlalchemy import Connection, create_engine, event, insert, make_url, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.pool import NullPool

from bridge import Database, ParityLayers, constraint_of, sqlstate_of
from tests.integration.database.both import ENGINES, on_connection
from tests.integration.database.tables import Sample
from tests.integration.server_side import ServerSide, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import URL


def run(*statements: str) -> Callable[[Connection], Any]:
    def body(connection: Connection) -> Any:
        for statement in statements:
            connection.execute(text(statement))

    return body


def raised(state: str) -> Callable[[Connection], Any]:
    return run(f"DO $$ BEGIN RAISE EXCEPTION 'made up' USING ERRCODE = '{state}'; END $$")


def after_an_error(connection: Connection) -> Any:
    try:
        connection.execute(text("SELECT 1/0"))
    except DBAPIError:
        connection.execute(text("SELECT 1"))


CASES: dict[str, tuple[Callable[[Connection], Any], str]] = {
    "division": (run("SELECT 1/0"), "DataError 22012 None"),
    "too-large": (run("SELECT 2147483647 + 1"), "DataError 22003 None"),
    "syntax": (run("SELEC"), "ProgrammingError 42601 None"),
    "no-table": (run("SELECT * FROM nothing"), "ProgrammingError 42P01 None"),
    "failed-transaction": (after_an_error, "InternalError 25P02 None"),
    "read-only": (run("SET TRANSACTION READ ONLY", "CREATE TABLE t ()"), "InternalError 25006 None"),
    "serialization": (raised("40001"), "OperationalError 40001 None"),
    "deadlock": (raised("40P01"), "OperationalError 40P01 None"),
    "lock": (raised("55P03"), "OperationalError 55P03 None"),
    "timeout": (run("SET LOCAL statement_timeout = 20", "SELECT pg_sleep(9)"), "OperationalError 57014 None"),
    "raise": (raised("P0001"), "InternalError P0001 None"),
    "two-rows": (run("SELECT (SELECT generate_series(1, 2))"), "ProgrammingError 21000 None"),
    "own-class": (raised("AB123"), "DatabaseError AB123 None"),
    "own-state-of-a-class": (raised("22ABC"), "DataError 22ABC None"),
    "internal": (raised("XX000"), "InternalError XX000 None"),
    "not-supported": (raised("0A000"), "NotSupportedError 0A000 None"),
    "check": (lambda c: c.execute(insert(Sample), {"id": 1, "large": 13}), "IntegrityError 23514 not_thirteen"),
    "unique": (lambda c: [c.execute(insert(Sample), {"id": 1}) for _ in range(2)], "IntegrityError 23505 samples_pkey"),
    "not-null": (lambda c: c.execute(text("INSERT INTO parity.samples (name) VALUES ('x')")), "IntegrityError 23502 None"),
    "batch": (
        lambda c: c.execute(text("INSERT INTO parity.samples (id) VALUES (:id)"), [{"id": 1}, {"id": 2}, {"id": 1}]),
        "IntegrityError 23505 samples_pkey",
    ),
}  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", CASES)
async def test_an_error_is_the_same_on_both_engines(case: str, engine: str, database: Database) -> None:
    body, expected = CASES[case]
    assert await on_connection(database, engine, body) == expected


FIELDS = (
    "column_name", "constraint_name", "context", "datatype_name", "internal_position", "internal_query", "message_detail",
    "message_hint", "message_primary", "schema_name", "severity", "severity_nonlocalized", "source_function", "sqlstate",
    "statement_position", "table_name",
)  # fmt: skip


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO parity.samples (id, large) VALUES (1, 13)",
        "INSERT INTO parity.samples (name) VALUES ('x')",
        "SELECT nam FROM parity.samples",
        "DO $$ BEGIN RAISE EXCEPTION 'made up' USING HINT = 'none'; END $$",
    ],
)
async def test_what_the_server_said_reads_the_same(statement: str, database: Database) -> None:
    def body(connection: Connection) -> dict[str, object]:
        try:
            connection.execute(text(statement))
        except DBAPIError as error:
            origin: Any = error.orig
            return {"pgcode": origin.pgcode, "sqlstate": origin.sqlstate} | {
                name: getattr(origin.diag, name) for name in FIELDS
            }
        return {}

    sync, asynchronous = [await on_connection(database, engine, body) for engine in ENGINES]
    assert "'sqlstate': None" not in sync
    assert asynchronous == sync


@pytest.mark.parametrize("engine", ENGINES)
async def test_a_helper_needs_no_layer(engine: str, parity_url: str) -> None:
    database = Database(parity_url, parity=ParityLayers(errors=False))
    body, expected = CASES["check"]
    assert await on_connection(database, engine, body) == expected
    await database.dispose()


async def test_without_the_layer_the_class_is_asyncpgs(parity_url: str) -> None:
    database = Database(parity_url, parity=ParityLayers(errors=False))
    assert await on_connection(database, "async", CASES["lock"][0]) == "DBAPIError 55P03 None"
    await database.dispose()


async def test_the_error_keeps_what_the_original_had(database: Database) -> None:
    async with database.async_engine.connect() as connection:
        with pytest.raises(OperationalError) as caught:
            await connection.run_sync(CASES["lock"][0])
        error = caught.value
        assert error.statement is not None
        assert "RAISE EXCEPTION" in error.statement
        assert error.__cause__ is error.orig
        assert (error.connection_invalidated, error.hide_parameters, error.code) == (False, False, "e3q8")
        assert not connection.invalidated


async def test_parameters_stay_hidden(parity_url: str) -> None:
    database = Database(parity_url, hide_parameters=True)
    async with database.async_engine.connect() as connection:
        with pytest.raises(DBAPIError) as caught:
            await connection.execute(text("SELECT CAST(:secret AS int) / 0"), {"secret": 424242})
    assert "424242" not in str(caught.value)
    await database.dispose()


@pytest.mark.parametrize("engine", ENGINES)
async def test_a_retry_loop_gets_past_a_serialization_failure(engine: str, database: Database) -> None:
    attempts = 0

    def body(connection: Connection) -> int:
        nonlocal attempts
        while True:
            attempts += 1
            try:
                connection.execute(text("SELECT 1"))
                if attempts < 3:
                    CASES["serialization"][0](connection)
            except OperationalError:
                connection.rollback()
            else:
                return attempts

    assert await on_connection(database, engine, body) == "3"


@pytest.mark.parametrize("engine", ENGINES)
async def test_a_killed_connection_is_invalidated(engine: str, database: Database, server: ServerSide) -> None:
    def body(connection: Connection) -> tuple[bool, bool]:
        pid = connection.scalar(text("SELECT pg_backend_pid()"))
        other = create_engine(database.url, poolclass=NullPool)
        with other.connect() as killer:
            killer.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
        try:
            connection.execute(text("SELECT 1"))
        except OperationalError as error:
            return error.connection_invalidated, connection.invalidated
        raise AssertionError

    assert await on_connection(database, engine, body) == "(True, True)"
    assert await on_connection(database, engine, lambda connection: connection.scalar(text("SELECT 1"))) == "1"


async def test_a_connection_killed_in_mid_statement_is_invalidated(database: Database, server: ServerSide) -> None:
    async with database.async_engine.connect() as connection:
        pid = await connection.scalar(text("SELECT pg_backend_pid()"))
        sleeping = asyncio.create_task(connection.execute(text("SELECT pg_sleep(30)")))
        await until(lambda: server.connections("state = 'active' AND query LIKE '%pg_sleep%'"))
        await to_thread.run_sync(server.terminate, [pid])
        with pytest.raises(OperationalError) as caught:
            await sleeping
        # The server's own 57P01 is lost: asyncpg reports that the connection has gone before it reports what came over it.
        assert sqlstate_of(caught.value) == "08003"
        assert caught.value.connection_invalidated
        assert connection.invalidated


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Listen, and never answer."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


async def connect_error(url: URL | str, engine: str, **options: Any) -> DBAPIError:
    database = Database(url, **options)
    try:
        if engine == "async":
            async with database.async_engine.connect():
                pass
        else:
            await to_thread.run_sync(database.sync_engine.connect)
    except DBAPIError as error:
        return error
    finally:
        await database.dispose()
    raise AssertionError


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "changes",
    [
        {"host": "127.0.0.1", "port": 1},
        {"host": "no-such-host.invalid"},
        {"database": "no such database"},
        {"username": "nobody", "password": "s3cret-w0rd"},
    ],
    ids=["refused", "unknown-host", "no-database", "no-user"],
)
async def test_a_failed_connect_is_an_operational_error(
    changes: dict[str, Any], engine: str, database_url: str
) -> None:
    url = make_url(database_url)
    if "host" in changes:
        url = url.set(query={})
    error = await connect_error(url.set(**changes), engine)
    assert type(error) is OperationalError
    assert not error.connection_invalidated
    assert "s3cret" not in str(error)
    assert error.orig is not None
    assert constraint_of(error) is None


@pytest.mark.parametrize("engine", ENGINES)
async def test_no_answer_in_time_is_an_operational_error(engine: str, silent_port: int) -> None:
    limit = {"timeout": 0.2} if engine == "async" else {"connect_timeout": 1}
    url = f"postgresql://someone:s3cret-w0rd@127.0.0.1:{silent_port}/name"
    error = await connect_error(url, engine, connect_args=limit)
    assert type(error) is OperationalError
    assert "timeout expired" in str(error)


@pytest.mark.parametrize("engine", ENGINES)
async def test_too_many_connections_is_an_operational_error(engine: str, database: Database) -> None:
    role = create_engine(database.url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    name = f"limited_{database.url.database}"
    with role.connect() as connection:
        connection.execute(text(f"CREATE ROLE {name} LOGIN CONNECTION LIMIT 0"))
        try:
            error = await connect_error(database.url.set(username=name), engine)
        finally:
            connection.execute(text(f"DROP ROLE {name}"))
    assert type(error) is OperationalError
    assert "too many connections" in str(error)


async def test_listeners_that_come_later_still_give_out_passwords(database: Database) -> None:
    asked = []
    event.listen(database.async_engine.sync_engine, "do_connect", lambda *arguments: asked.append(arguments[-1]))
    async with database.async_engine.connect() as connection:
        assert await connection.scalar(text("SELECT 1")) == 1
    assert len(asked) == 1


async def test_an_error_of_the_application_is_left_alone(database: Database) -> None:
    def listener(*_: object) -> None:
        raise FileNotFoundError

    event.listen(database.async_engine.sync_engine, "commit", listener)
    with pytest.raises(FileNotFoundError):
        async with database.async_engine.begin() as connection:
            await connection.execute(text("SELECT 1"))


async def test_a_constraint_that_fails_at_commit_is_an_integrity_error(database: Database) -> None:
    async with database.async_engine.connect() as connection:
        await connection.execute(text("CREATE TEMP TABLE late (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)"))
        await connection.execute(text("INSERT INTO late VALUES (1), (1)"))
        with pytest.raises(IntegrityError) as caught:
            await connection.commit()
        assert (sqlstate_of(caught.value), constraint_of(caught.value)) == ("23505", "late_id_key")
