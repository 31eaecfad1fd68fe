"""Both engines on a real MariaDB server."""

from __future__ import annotations

import asyncio
import datetime as dt
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from anyio import to_thread
from sqlalchemy import Column, Date, DateTime, Float, Integer, LargeBinary, MetaData, Numeric, String, Table, text
from sqlalchemy.dialects.mysql import JSON, TIME
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from bridge import Capacity, Database, DatabaseUnreachable, DeadlineExceeded, PoolSettings, offload
from tests import mariadb
from tests.integration.server_side import checked_out, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import Session

ONE = PoolSettings(size=1, overflow=0)
TABLES = MetaData()
VALUES = Table(
    "every_type",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("text", String(200)),
    Column("exact", Numeric(20, 4)),
    Column("double", Float(53)),
    Column("day", Date),
    Column("moment", DateTime),
    Column("span", TIME(fsp=6)),
    Column("blob", LargeBinary),
    Column("json", JSON),
)
ROW: dict[str, Any] = {
    "id": 1,
    "text": "é日🚀 'quoted' %s :p \\",
    "exact": Decimal("1234567890.1200"),
    "double": 0.1,
    "day": dt.date(2026, 2, 28),
    "moment": dt.datetime(2026, 2, 28, 23, 59, 58),  # noqa: DTZ001  a DATETIME has no zone
    "span": dt.time(6, 7, 8, 9),
    "blob": b"\x00\xff'\\",
    "json": {"a": [1, None, "é"]},
}
CONNECTIONS = text(
    "SELECT id, state FROM information_schema.processlist WHERE user = 'tester' AND id <> connection_id() AND info LIKE :what"
)
SLEEP = text("SELECT SLEEP(15)")


@pytest.fixture
async def database(mariadb_url: str) -> AsyncIterator[Database]:
    database = Database(mariadb_url, pool=ONE)

    def fill() -> None:
        TABLES.drop_all(database.sync_engine)
        TABLES.create_all(database.sync_engine)

    await to_thread.run_sync(fill)
    yield database
    await database.dispose()


@pytest.fixture(scope="module")
def plain_url() -> Iterator[str]:
    if mariadb.MISSING:
        pytest.skip(mariadb.MISSING)
    with TemporaryDirectory(prefix="mariadb") as directory, mariadb.mariadb_server(Path(directory), tls=False) as url:
        yield url


@pytest.fixture
def certificates(mariadb_url: str) -> Path:
    """Find the directory of the server that runs."""
    database = Database(mariadb_url)
    with database.sync_engine.connect() as connection:
        directory = Path(connection.scalar(text("SELECT @@socket"))).parent
    database.sync_engine.dispose()
    return directory


async def on_both(database: Database, statement: str, **values: Any) -> list[list[tuple[Any, ...]]]:
    """Return the rows of *statement* on each engine."""

    def on_sync() -> list[tuple[Any, ...]]:
        with database.unit_of_work() as session:
            return [tuple(row) for row in session.execute(text(statement), values)]

    async with database.async_unit_of_work() as session:
        rows = [tuple(row) for row in await session.execute(text(statement), values)]
    return [await to_thread.run_sync(on_sync), rows]


async def test_both_engines_reach_the_server_with_a_password_of_awkward_characters(database: Database) -> None:
    await to_thread.run_sync(database.check)
    assert await on_both(database, "SELECT current_user(), database()") == [[("tester@%", "shop")]] * 2


async def test_a_value_written_on_one_side_is_read_as_itself_on_both(database: Database) -> None:
    def write(session: Session) -> None:
        session.execute(VALUES.insert().values(ROW))

    def read(session: Session) -> dict[str, Any]:
        return dict(session.execute(VALUES.select()).mappings().one())

    def on_thread(work: Any) -> Any:
        with database.unit_of_work() as session:
            return work(session)

    for writes_on_thread in (True, False):
        if writes_on_thread:
            await to_thread.run_sync(on_thread, write)
        else:
            async with database.async_unit_of_work() as session:
                await session.run_sync(write)
        assert await to_thread.run_sync(on_thread, read) == ROW
        async with database.async_unit_of_work() as session:
            assert await session.run_sync(read) == ROW
            await session.execute(VALUES.delete())


async def test_a_failed_unit_of_work_leaves_nothing_on_either_side(database: Database) -> None:
    def on_thread() -> None:
        with database.unit_of_work() as session:
            session.execute(VALUES.insert().values(ROW))
            session.execute(VALUES.insert().values(ROW))

    async def on_loop(session: AsyncSession) -> None:
        await session.execute(VALUES.insert().values(ROW))
        await session.execute(VALUES.insert().values(ROW))

    with pytest.raises(IntegrityError):
        await to_thread.run_sync(on_thread)
    with pytest.raises(IntegrityError):
        async with database.async_unit_of_work() as session:
            await on_loop(session)
    assert await on_both(database, "SELECT count(*) FROM every_type") == [[(0,)]] * 2
    assert checked_out(database) == 0


@pytest.mark.parametrize("end", ["cancel", "deadline"])
async def test_a_statement_stops_on_the_server_and_its_connection_goes_on(end: str, database: Database) -> None:
    capacity, errors, ids = Capacity(1), list[DBAPIError](), list[int]()

    def work(statement: Any) -> Any:
        try:
            with database.unit_of_work() as session:
                ids.append(session.scalar(text("SELECT connection_id()")) or 0)
                session.execute(VALUES.insert().values(ROW))
                return session.scalar(statement)
        except DBAPIError as error:
            errors.append(error)
            raise

    async def sleeping() -> list[Any]:
        async with database.async_engine.connect() as connection:
            return list(await connection.execute(CONNECTIONS, {"what": "SELECT SLEEP%"}))

    task = asyncio.create_task(offload(work, SLEEP, capacity=capacity, deadline=1 if end == "deadline" else None))
    with anyio.fail_after(10):
        while not await sleeping():
            pass
        if end == "cancel":
            task.cancel()
        await asyncio.wait([task])
    assert task.cancelled() if end == "cancel" else isinstance(task.exception(), DeadlineExceeded)
    assert not await sleeping()
    # SLEEP says that it was interrupted in its result, so the unit of work is refused at its COMMIT.
    assert await on_both(database, "SELECT count(*) FROM every_type") == [[(0,)]] * 2
    await offload(work, text("SELECT 7"), capacity=capacity)
    assert ids[0] == ids[1], "the same connection"
    assert await on_both(database, "SELECT count(*) FROM every_type") == [[(1,)]] * 2


async def test_a_statement_that_waits_for_a_lock_is_stopped_with_the_drivers_error(database: Database) -> None:
    errors = list[BaseException]()
    await to_thread.run_sync(lambda: _insert(database))

    def work() -> None:
        try:
            with database.unit_of_work() as session:
                session.execute(VALUES.update().values(text="stopped"))
        except DBAPIError as error:
            errors.append(error)
            raise

    async with database.async_engine.connect() as connection:
        await connection.execute(VALUES.update().values(text="held"))
        task = asyncio.create_task(offload(work, capacity=Capacity(1)))
        # The same transaction sees who waits for it.
        waiting = text("SELECT count(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'")

        async def is_waiting() -> bool:
            return bool(await connection.scalar(waiting))

        with anyio.fail_after(10):
            while not await is_waiting():  # noqa: ASYNC110  the server has no events to offer
                await asyncio.sleep(0.1)
            task.cancel()
            await asyncio.wait([task])
    assert [type(error) for error in errors] == [OperationalError]
    assert "interrupted" in str(errors[0])
    assert await on_both(database, "SELECT text FROM every_type") == [[(ROW["text"],)]] * 2


def _insert(database: Database) -> None:
    with database.unit_of_work() as session:
        session.execute(VALUES.insert().values(ROW))


SESSION = (
    "SELECT @@autocommit, @@sql_mode, @@character_set_client, @@character_set_connection, @@character_set_results, "
    "@@collation_connection, @@time_zone, @@tx_isolation"
)


@pytest.mark.parametrize(
    ("query", "connect_args"),
    [
        ("", {}),
        ("charset=latin1", {}),
        ("charset=utf8mb4&collation=utf8mb4_bin", {}),
        ("", {"collation": "utf8mb4_unicode_ci"}),
        ("sql_mode=ANSI_QUOTES,NO_BACKSLASH_ESCAPES", {}),
        ("", {"init_command": "SET time_zone = '-05:30', autocommit = 1"}),
        ("", {"autocommit": None}),
        ("program_name=shop", {"local_infile": True}),
    ],
)
async def test_both_sessions_are_set_up_alike(query: str, connect_args: dict[str, Any], mariadb_url: str) -> None:
    database = Database(f"{mariadb_url}?{query}", connect_args=connect_args)
    sync, asynchronous = await on_both(database, SESSION)
    assert sync == asynchronous
    await database.dispose()


async def test_a_socket_and_a_file_of_defaults_lead_both_to_the_same_account(
    mariadb_url: str, certificates: Path, tmp_path: Path
) -> None:
    (tmp_path / "my.cnf").write_text(
        f"[client]\nuser=tester\npassword={mariadb.PASSWORD}\nsocket={certificates}/socket\n", encoding="utf-8"
    )
    database = Database(f"mariadb:///shop?read_default_file={tmp_path}/my.cnf")
    expected = [("tester@%", "shop", mariadb.PASSWORD)]
    assert await on_both(database, "SELECT current_user(), database(), :p", p=mariadb.PASSWORD) == [expected] * 2
    await database.dispose()


ENCRYPTED = "SELECT variable_value <> '' FROM information_schema.session_status WHERE variable_name = 'Ssl_cipher'"


async def outcomes(url: str, connect_args: dict[str, Any]) -> list[object]:
    """Return for each engine whether its connection is encrypted, or the class of the error."""
    database = Database(url, connect_args=connect_args)
    found = list[object]()

    def on_sync() -> object:
        with database.unit_of_work() as session:
            return bool(session.scalar(text(ENCRYPTED)))

    try:
        found.append(await to_thread.run_sync(on_sync))
    except OperationalError as error:
        found.append(type(error))
    try:
        async with database.async_unit_of_work() as session:
            found.append(bool(await session.scalar(text(ENCRYPTED))))
    except OperationalError as error:
        found.append(type(error))
    await database.dispose()
    return found


@pytest.mark.parametrize(
    ("query", "connect_args", "expected"),
    [
        ("", {}, True),
        ("", {"ssl_disabled": True}, False),
        ("ssl_ca={}/ca.pem", {}, True),
        ("ssl_ca={}/other.pem", {}, OperationalError),
        ("ssl_ca={}/ca.pem&ssl_check_hostname=true", {}, True),
        ("", {"ssl_ca": "{}/other.pem"}, True),  # PyMySQL does not verify until it is told to
        ("", {"ssl_ca": "{}/other.pem", "ssl_verify_cert": True}, OperationalError),
        ("", {"ssl_ca": "{}/ca.pem", "ssl_verify_cert": True, "ssl_verify_identity": True}, True),
    ],
)
async def test_tls_is_the_same_on_both_sides(
    query: str, connect_args: dict[str, Any], expected: object, mariadb_url: str, certificates: Path
) -> None:
    arguments = {
        name: value.format(certificates) if isinstance(value, str) else value for name, value in connect_args.items()
    }
    assert await outcomes(f"{mariadb_url}?{query.format(certificates)}", arguments) == [expected] * 2


@pytest.mark.parametrize(
    ("connect_args", "expected"), [({}, False), ({"ssl": {"verify_mode": "none", "ca": None}}, OperationalError)]
)
async def test_tls_that_is_required_is_not_given_up_where_the_server_has_none(
    connect_args: dict[str, Any], expected: object, plain_url: str
) -> None:
    assert await outcomes(plain_url, connect_args) == [expected] * 2


def test_a_wrong_password_is_reported_without_it(mariadb_url: str) -> None:
    database = Database(mariadb_url.replace("tester:", "tester:not-"))
    with pytest.raises(DatabaseUnreachable) as raised:
        database.check()
    assert "Access denied for user 'tester'" in str(raised.value)
    assert mariadb.PASSWORD not in str(raised.value)


async def test_nothing_is_left_checked_out(database: Database) -> None:
    await on_both(database, "SELECT 1")
    await until(lambda: checked_out(database) == 0)
