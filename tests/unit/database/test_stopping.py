"""Stopping statements of SQLite, and of drivers that are only imitated here."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, event, text
from sqlalchemy.exc import OperationalError

from bridge import Capacity, Database, DeadlineExceeded, WorkStopped, offload
from bridge.database import make_stoppable
from bridge.database.stopping import STOPS
from tests.unit.offload.calls import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.orm import Session

ENDLESS = text("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(mark(x)) FROM n")


class Endless:
    """A database with a statement that never ends, and tells when it runs."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.running = threading.Event()
        event.listen(database.sync_engine, "connect", self._connect)

    def _connect(self, connection: Any, _record: object) -> None:
        connection.create_function("mark", 1, lambda _value: self.running.set())


@pytest.fixture
def endless(tmp_path: Path) -> Iterator[Endless]:
    database = Database(f"sqlite:///{tmp_path}/test.db")
    with database.unit_of_work() as session:
        session.execute(text("CREATE TABLE things (name TEXT)"))
    database.sync_engine.dispose()
    yield Endless(database)
    database.sync_engine.dispose()


def names(session: Session) -> list[str]:
    return list(session.scalars(text("SELECT name FROM things")))


async def read(database: Database, capacity: Capacity) -> list[str]:
    def work() -> list[str]:
        with database.unit_of_work() as session:
            return names(session)

    return await offload(work, capacity=capacity)


@pytest.mark.parametrize("end", ["cancel", "deadline"])
async def test_a_running_statement_is_stopped_and_its_transaction_rolled_back(endless: Endless, end: str) -> None:
    capacity, errors = Capacity(1), list[BaseException]()

    def work() -> None:
        try:
            with endless.database.unit_of_work() as session:
                session.execute(text("INSERT INTO things VALUES ('half done')"))
                session.execute(ENDLESS)
        except BaseException as error:
            errors.append(error)
            raise

    task = asyncio.create_task(offload(work, capacity=capacity, deadline=0.5 if end == "deadline" else None))
    await until(endless.running)
    if end == "cancel":
        task.cancel()
    with pytest.raises(asyncio.CancelledError if end == "cancel" else DeadlineExceeded):
        await task
    assert [type(error) for error in errors] == [OperationalError]
    assert "interrupted" in str(errors[0])
    assert await read(endless.database, capacity) == []


async def test_code_that_swallows_the_error_cannot_go_on_with_the_next_statement(endless: Endless) -> None:
    capacity, seen = Capacity(1), list[str]()

    def work() -> None:
        with endless.database.unit_of_work() as session:
            for statement in (ENDLESS, text("INSERT INTO things VALUES ('second attempt')")):
                try:
                    session.execute(statement)
                except Exception as error:  # noqa: BLE001  whatever comes is looked at below
                    seen.append(type(error).__name__)

    task = asyncio.create_task(offload(work, capacity=capacity))
    await until(endless.running)
    task.cancel()
    await asyncio.wait([task])
    assert seen == ["OperationalError", "WorkStopped"]
    assert await read(endless.database, capacity) == []


async def test_what_is_stopped_between_two_statements_does_not_commit(endless: Endless) -> None:
    capacity, inserted, cancelled, errors = Capacity(1), threading.Event(), threading.Event(), list[type]()

    def work() -> None:
        try:
            with endless.database.unit_of_work() as session:
                session.execute(text("INSERT INTO things VALUES ('unwanted')"))
                inserted.set()
                assert cancelled.wait(10)
        except BaseException as error:
            errors.append(type(error))
            raise

    task = asyncio.create_task(offload(work, capacity=capacity))
    await until(inserted)
    task.cancel()
    await asyncio.sleep(0)
    cancelled.set()
    await asyncio.wait([task])
    assert errors == [WorkStopped]
    assert await read(endless.database, capacity) == []


async def test_a_commit_that_has_begun_is_not_stopped(endless: Endless) -> None:
    capacity, committing, cancelled = Capacity(1), threading.Event(), threading.Event()
    stops = list[str]()

    def hold(_connection: Any) -> None:  # runs after ours: the transaction is past the point of no return
        committing.set()
        assert cancelled.wait(10)

    event.listen(endless.database.sync_engine, "commit", hold)
    event.listen(endless.database.sync_engine, "rollback", lambda _: stops.append("rollback"))

    def work() -> None:
        with endless.database.unit_of_work() as session:
            session.execute(text("INSERT INTO things VALUES ('kept')"))

    task = asyncio.create_task(offload(work, capacity=capacity))
    await until(committing)
    task.cancel()
    await asyncio.sleep(0)
    cancelled.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    event.remove(endless.database.sync_engine, "commit", hold)
    assert await read(endless.database, capacity) == ["kept"]
    assert not stops


async def test_a_savepoint_can_be_left_while_the_transaction_is_stopped(endless: Endless) -> None:
    capacity, seen = Capacity(1), list[str]()

    def work() -> None:
        try:
            with endless.database.unit_of_work() as session, session.begin_nested():
                session.execute(ENDLESS)
        except Exception as error:
            seen.append(type(error).__name__)
            raise

    task = asyncio.create_task(offload(work, capacity=capacity))
    await until(endless.running)
    task.cancel()
    await asyncio.wait([task])
    assert seen == ["OperationalError"]
    assert await read(endless.database, capacity) == []


def test_outside_of_offload_nothing_changes(endless: Endless) -> None:
    with endless.database.unit_of_work() as session:
        session.execute(text("INSERT INTO things VALUES ('plain')"))
        assert names(session) == ["plain"]


class Driver:
    """Stands for a connection or a cursor of any driver, and writes down what it is asked."""

    def __init__(self, log: list[str]) -> None:
        self.log = log

    def cancel(self) -> None:
        self.log.append("cancel")

    def cancel_safe(self, *, timeout: float) -> None:
        self.log.append(f"cancel within {timeout:g} s")

    def interrupt(self) -> None:
        self.log.append("interrupt")

    def thread_id(self) -> int:
        return 42

    def cursor(self) -> Driver:
        return self

    def execute(self, statement: str) -> None:
        self.log.append(statement)

    def close(self) -> None:
        self.log.append("close")


class FakePool:
    def __init__(self, log: list[str]) -> None:
        self.log = log

    def recreate(self) -> FakePool:
        return self

    def connect(self) -> Driver:
        self.log.append("connect")
        return Driver(self.log)

    def dispose(self) -> None:
        self.log.append("dispose")


class FakeEngine:
    def __init__(self, log: list[str]) -> None:
        self.pool = FakePool(log)


@pytest.mark.parametrize(
    ("driver", "calls"),
    [
        ("psycopg2", ["cancel"]),
        ("psycopg", ["cancel within 5 s"]),
        ("pysqlite", ["interrupt"]),
        ("pymysql", ["connect", "KILL QUERY 42", "close", "close", "dispose"]),
        ("mysqldb", ["connect", "KILL QUERY 42", "close", "close", "dispose"]),
    ],
)
def test_each_driver_is_stopped_its_own_way(driver: str, calls: list[str]) -> None:
    log = list[str]()
    STOPS[driver](FakeEngine(log), Driver(log))()  # type: ignore[arg-type]  # stands in for an engine
    assert log == calls


def test_a_driver_that_cannot_stop_a_statement_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = create_engine("sqlite://")
    monkeypatch.setattr(engine.dialect, "driver", "another")
    make_stoppable(engine)
    assert not engine.dispatch.begin
