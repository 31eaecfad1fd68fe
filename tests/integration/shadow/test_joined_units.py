"""Units of work of two paths join one connection, of which only the second leaves anything."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from bridge import (
    ConnectionOutsideCheck,
    Database,
    DeadlineExceeded,
    JoinedConnectionBusy,
    PoolSettings,
    WritesNotCheckable,
)
from tests.integration.server_side import assert_nothing_leaked, until
from tests.integration.shadow.writing import INSERT, Note, contents, create

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bridge.database import CandidateUnits, ControlUnits, Joined
    from tests.integration.server_side import ServerSide

NOW = text("SELECT now()")
PID = text("SELECT pg_backend_pid()")


@pytest.fixture
async def database(database_url: str, server: ServerSide) -> AsyncIterator[Database]:
    await asyncio.to_thread(create, server)
    made = await asyncio.to_thread(lambda: Database(database_url, pool=PoolSettings(size=2, overflow=0)))
    yield made
    await assert_nothing_leaked(made, server)
    await made.dispose()


@asynccontextmanager
async def candidate(database: Database) -> AsyncIterator[tuple[Joined, CandidateUnits]]:
    async with database.joined() as joined, joined.candidate(lock_timeout=0.2, deadline=30) as side:
        yield joined, side


@asynccontextmanager
async def control(joined: Joined) -> AsyncIterator[ControlUnits]:
    async with joined.control() as side:
        assert side is not None
        yield side


async def write(database: Database, title: str) -> None:
    async with database.async_unit_of_work() as session:
        session.add(Note(title=title))


async def test_nothing_of_the_candidate_stays_and_the_control_begins_where_it_began(
    database: Database, server: ServerSide
) -> None:
    before = contents(server)
    async with database.joined() as joined:
        async with joined.candidate(lock_timeout=0.2, deadline=30), database.async_unit_of_work() as session:
            seen = [await session.scalar(PID), await session.scalar(NOW)]
            session.add(Note(title="new"))
            await session.commit()
            await session.execute(text("UPDATE notes SET stock = 0"))
        assert contents(server) == before
        async with control(joined), database.async_unit_of_work() as session:
            assert [await session.scalar(PID), await session.scalar(NOW)] == seen
            assert await session.scalar(text("SELECT sum(stock) FROM notes")) == 60
            assert await session.scalar(text("SHOW lock_timeout")) == "0"
            session.add(Note(title="new"))
    assert len(contents(server)) == len(before) + 1


async def test_a_later_unit_of_work_of_the_candidate_sees_what_an_earlier_one_committed(database: Database) -> None:
    async with candidate(database):
        await write(database, "one")
        async with database.async_unit_of_work(read_only=True) as session:
            assert "one" in (await session.scalars(select(Note.title))).all()


async def test_a_failed_unit_of_work_of_the_candidate_takes_only_its_own_writes_with_it(database: Database) -> None:
    async with candidate(database):
        await write(database, "one")
        with pytest.raises(IntegrityError):
            await write(database, "one")
        async with database.async_unit_of_work() as session:
            assert list(await session.scalars(select(Note.title).where(Note.id > 3))) == ["one"]


async def test_a_deferred_constraint_shows_at_each_commit_of_the_candidate_and_not_before(database: Database) -> None:
    async with candidate(database):
        for _ in range(2):
            with pytest.raises(IntegrityError, match="lines_note_fkey"):
                await run(database, "INSERT INTO lines (note) VALUES (4000)", "SELECT 1")
            async with database.async_unit_of_work() as session:
                await session.execute(text("INSERT INTO lines (note) VALUES (5000)"))
                await session.execute(text("UPDATE lines SET note = 1 WHERE note = 5000"))


async def test_a_read_only_unit_of_work_of_the_candidate_refuses_writes(database: Database) -> None:
    async with candidate(database):
        with pytest.raises(Exception, match="read-only unit of work"):
            async with database.async_unit_of_work(read_only=True) as session:
                await session.execute(INSERT, {"title": "a", "stock": 1})
        await write(database, "allowed again")


@pytest.mark.parametrize("sql", ["COMMIT", " /* so */ end", "ROLLBACK", "-- x\nabort", "PREPARE TRANSACTION 'a'"])
async def test_a_candidate_cannot_end_its_transaction_by_sql(sql: str, database: Database, server: ServerSide) -> None:
    before = contents(server)
    async with candidate(database) as (_, side):
        with pytest.raises(ConnectionOutsideCheck, match="as SQL"):
            await run(database, "INSERT INTO notes (title) VALUES ('a')", sql)
        assert side.refused
    assert contents(server) == before


async def test_a_candidate_may_use_savepoints_by_sql(database: Database) -> None:
    async with candidate(database), database.async_unit_of_work() as session:
        for sql in ("SAVEPOINT mine", "ROLLBACK TO SAVEPOINT mine", "ROLLBACK WORK TO mine", "RELEASE SAVEPOINT mine"):
            await session.execute(text(sql))


async def test_a_candidate_gets_no_connection_of_its_own(database: Database) -> None:
    def synchronous() -> None:
        with database.unit_of_work() as session:
            session.execute(text("SELECT 1"))

    async with candidate(database) as (_, side):
        with pytest.raises(ConnectionOutsideCheck):
            async with database.async_sessions() as session:
                await session.execute(text("SELECT 1"))
        with pytest.raises(ConnectionOutsideCheck):
            await asyncio.to_thread(synchronous)
        assert side.refused == ["use a connection of its own"] * 2


async def test_two_units_of_work_at_once_are_refused(database: Database) -> None:
    opened, go_on = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with database.async_unit_of_work() as session:
            session.add(Note(title="held"))
            opened.set()
            await go_on.wait()

    async with candidate(database):
        holding = asyncio.create_task(hold())
        await opened.wait()
        with pytest.raises(JoinedConnectionBusy):
            await write(database, "another")
        go_on.set()
        await holding
        await write(database, "another")


async def test_a_unit_of_work_inside_another_joins_even_from_a_task(database: Database) -> None:
    async with candidate(database), database.async_unit_of_work() as outer:
        outer.add(Note(title="outer"))
        await outer.flush()
        await asyncio.create_task(write(database, "inner"))
        titles = (await outer.scalars(select(Note.title).order_by(Note.id))).all()
        assert titles[-2:] == ["outer", "inner"]


async def test_what_a_candidate_left_running_cannot_reach_the_database(database: Database, server: ServerSide) -> None:
    before, go_on = contents(server), asyncio.Event()

    async def late(session: Any) -> None:
        await go_on.wait()
        await session.execute(INSERT, {"title": "late", "stock": 1})

    async with database.joined() as joined:
        async with joined.candidate(lock_timeout=0.2, deadline=30), database.async_unit_of_work() as session:
            await session.execute(text("SELECT 1"))
            in_session = asyncio.create_task(late(session))
            in_unit = asyncio.create_task(_after(go_on, lambda: write(database, "late")))
        async with control(joined), database.async_unit_of_work() as session:
            session.add(Note(title="control"))
            await session.flush()
            go_on.set()
            results = await asyncio.gather(in_session, in_unit, return_exceptions=True)
    assert [type(result) for result in results] == [ConnectionOutsideCheck] * 2
    assert len(contents(server)) == len(before) + 1


async def test_a_cancelled_candidate_leaves_nothing_and_the_control_goes_on_without(
    database: Database, server: ServerSide
) -> None:
    before = contents(server)

    async def slow() -> None:
        async with database.async_unit_of_work() as session:
            await session.execute(INSERT, {"title": "slow", "stock": 1})
            await session.execute(text("SELECT pg_sleep(30)"))

    async with database.joined() as joined:
        async with joined.candidate(lock_timeout=0.2, deadline=30):
            running = asyncio.create_task(slow())
            await until(lambda: server.connections("query LIKE '%pg_sleep%' AND state = 'active'"))
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
        async with joined.control() as side:
            assert side is None
            await write(database, "control")
    assert len(contents(server)) == len(before) + 1


async def test_a_candidate_whose_connection_dies_leaves_the_control_one_of_its_own(
    database: Database, server: ServerSide
) -> None:
    async with database.joined() as joined:
        async with joined.candidate(lock_timeout=0.2, deadline=30):
            with pytest.raises(DBAPIError):
                await run(
                    database, "INSERT INTO notes (title) VALUES ('a')", "SELECT pg_terminate_backend(pg_backend_pid())"
                )
        async with joined.control() as side:
            assert side is None
            await write(database, "control")
    assert "control" in {row[1] for row in contents(server)}


async def test_locks_of_the_candidate_are_gone_before_the_control_runs(database: Database, server: ServerSide) -> None:
    async with database.joined() as joined:
        async with joined.candidate(lock_timeout=0.2, deadline=30), database.async_unit_of_work() as session:
            await session.execute(text("UPDATE notes SET stock = 0 WHERE id = 1"))
            await session.execute(text("LOCK TABLE lines"))
            await session.execute(text("SELECT pg_advisory_lock(7), pg_advisory_xact_lock(8)"))
        server.run(
            "SET lock_timeout = '1s'; UPDATE notes SET stock = 11 WHERE id = 1; INSERT INTO lines (note) VALUES (1)"
        )
        assert server.rows("SELECT pg_try_advisory_lock(7), pg_try_advisory_lock(8)") == [(True, True)]
        async with control(joined), database.async_unit_of_work() as session:
            assert await session.scalar(text("SELECT stock FROM notes WHERE id = 1")) == 11


@pytest.mark.parametrize("nested", [False, True])
async def test_whoever_waits_for_the_candidate_goes_on_before_the_control_runs(
    nested: bool, database: Database, server: ServerSide
) -> None:
    """A savepoint that is released hands those who wait over to the whole transaction, and so to the control."""
    update = "UPDATE notes SET stock = stock + 1 WHERE id = 1"
    async with database.joined() as joined:
        async with joined.candidate(lock_timeout=0.2, deadline=30):
            async with database.async_unit_of_work() as session:
                if nested:
                    async with session.begin_nested():
                        await session.execute(text(update))
                await session.execute(text(update))
            waiting = asyncio.create_task(asyncio.to_thread(server.run, update))
            await until(server.waiting_for_locks)
        await asyncio.wait_for(waiting, 5)
        async with control(joined):
            await run(database, update)
    assert server.rows("SELECT stock FROM notes WHERE id = 1") == [(12,)]


async def test_a_candidate_that_waits_for_a_lock_gives_up(database: Database, server: ServerSide) -> None:
    with server.holding("notes"):
        async with candidate(database):
            with pytest.raises(DBAPIError, match="lock timeout"):
                await write(database, "a")


async def test_a_candidate_sends_nothing_after_its_deadline_but_can_still_roll_back(
    database: Database, server: ServerSide
) -> None:
    """However late the event loop is: it would otherwise wait for locks while others look for deadlocks."""
    before = contents(server)
    async with database.joined() as joined:
        async with joined.candidate(lock_timeout=0.2, deadline=0.2) as side:
            with pytest.raises(DeadlineExceeded):
                await write_late(database)
            assert side.late
        assert contents(server) == before
        async with control(joined):
            await write(database, "control")
    assert len(contents(server)) == len(before) + 1


async def write_late(database: Database) -> None:
    async with database.async_unit_of_work() as session:
        await session.execute(text("UPDATE notes SET stock = 0 WHERE id = 1"))
        time.sleep(0.25)  # noqa: ASYNC251  the loop is busy with something else
        await session.execute(text("UPDATE notes SET stock = 0 WHERE id = 2"))


async def test_the_control_commits_when_it_says_so(database: Database, server: ServerSide) -> None:
    before = contents(server)
    async with database.joined() as joined:
        async with joined.candidate(lock_timeout=0.2, deadline=30):
            await write(database, "x")
        async with control(joined) as side:
            with pytest.raises(LookupError):
                await commit_and_fail(database, server)
            assert side.committed
    assert len(contents(server)) == len(before) + 1


async def test_a_second_unit_of_work_of_the_control_joins_unless_one_is_open(database: Database) -> None:
    async with database.joined() as joined:
        async with joined.candidate(lock_timeout=0.2, deadline=30):
            pass
        async with control(joined):
            pids = []
            for _ in range(2):
                async with database.async_unit_of_work() as session:
                    pids.append(await session.scalar(PID))
                    async with database.async_unit_of_work() as other:
                        assert await other.scalar(PID) != pids[-1]
            assert pids[0] == pids[1]


async def test_after_its_answer_the_control_has_ordinary_connections(database: Database) -> None:
    async with database.joined() as joined:
        async with joined.candidate(lock_timeout=0.2, deadline=30):
            pass
        async with control(joined) as side:
            async with database.async_unit_of_work() as session:
                pid = await session.scalar(PID)
                await side.end()
                async with database.async_unit_of_work() as other:
                    assert await other.scalar(PID) != pid
            assert not await joined_is_held(database)


async def joined_is_held(database: Database) -> bool:
    pool: Any = database.async_engine.sync_engine.pool
    return bool(pool.checkedout())


async def test_at_a_higher_isolation_level_the_control_has_a_transaction_of_its_own(
    database_url: str, server: ServerSide
) -> None:
    """A candidate's snapshot would be too old for it, and fail it with errors that it would not have had."""
    await asyncio.to_thread(create, server)
    database = await asyncio.to_thread(lambda: Database(database_url, isolation_level="REPEATABLE READ"))
    async with database.joined() as joined:
        async with joined.candidate(lock_timeout=0.2, deadline=30), database.async_unit_of_work() as session:
            await session.execute(text("UPDATE notes SET stock = 0 WHERE id = 1"))
        server.run("UPDATE notes SET stock = 50 WHERE id = 1")
        async with control(joined), database.async_unit_of_work() as session:
            assert await session.scalar(text("UPDATE notes SET stock = stock + 1 WHERE id = 1 RETURNING stock")) == 51
    await database.dispose()


async def test_notifications_of_the_candidate_are_discarded_and_those_of_the_control_arrive(
    database: Database, database_url: str
) -> None:
    heard: list[str] = []
    listener = await database.async_engine.connect()
    raw = await listener.get_raw_connection()
    driver: Any = raw.driver_connection
    arrived = asyncio.Event()

    def hear(*notification: Any) -> None:
        heard.append(notification[3])
        arrived.set()

    await driver.add_listener("news", hear)
    notify = text("SELECT pg_notify('news', :word)")
    async with database.joined() as joined:
        async with joined.candidate(lock_timeout=0.2, deadline=30), database.async_unit_of_work() as session:
            await session.execute(notify, {"word": "candidate"})
        async with control(joined), database.async_unit_of_work() as session:
            await session.execute(notify, {"word": "control"})
    await asyncio.wait_for(arrived.wait(), 5)
    await driver.remove_listener("news", hear)
    await listener.close()
    assert heard == ["control"]


async def test_other_databases_cannot_be_joined(tmp_path: Any) -> None:
    database = await asyncio.to_thread(lambda: Database(f"sqlite:///{tmp_path}/a.db"))
    with pytest.raises(WritesNotCheckable, match="aiosqlite"):
        async with database.joined():
            pass


async def run(database: Database, *statements: str) -> None:
    async with database.async_unit_of_work() as session:
        for statement in statements:
            await session.execute(text(statement))


async def commit_and_fail(database: Database, server: ServerSide) -> None:
    before = contents(server)
    async with database.async_unit_of_work() as session:
        session.add(Note(title="kept"))
        await session.commit()
        assert len(contents(server)) == len(before) + 1
        session.add(Note(title="lost"))
        await session.flush()
        raise LookupError


async def _after(event: asyncio.Event, work: Any) -> None:
    await event.wait()
    await work()
