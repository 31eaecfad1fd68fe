"""Units of work that only read: fewer round trips, and no way to write."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from flask import Flask
from sqlalchemy import Connection, Executable, event, func, insert, select, text, true
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import ORMExecuteState, Session, sessionmaker, with_loader_criteria

from bridge import Bridge, Database, PoolSettings, WriteInReadOnlyUnit
from legacy_sync.models import Tag, User

NOW = text("SELECT now()")  # the time at which the transaction began
SQL = {
    "SQL": "  insert into tags (name) values ('new')",
    "a CTE that writes": "WITH made AS (INSERT INTO tags (name) VALUES ('new') RETURNING id) SELECT * FROM made",
    "a CTE that updates": "WITH made AS (UPDATE tags SET name = 'new' RETURNING id) SELECT * FROM made",
    "an update after a CTE": "WITH old AS (SELECT min(id) AS id FROM tags) UPDATE tags SET name = 'new' WHERE id IN (SELECT id FROM old)",
    "a delete after a CTE": "WITH old AS (SELECT id FROM tags) DELETE FROM tags WHERE id IN (SELECT id FROM old)",
    "a setting": "SET LOCAL work_mem = '1MB'",
    "a table": "CREATE TEMPORARY TABLE t (id int)",
    "a table made of a SELECT": "SELECT 1 AS id INTO left_by_a_read",
    "a write after a read": "SELECT 1; UPDATE tags SET name = 'new'",
    "a write after a literal": "SELECT E'it\\'s', 'a'; DROP TABLE tags",
    "a plan that runs": "EXPLAIN (ANALYZE) SELECT 1",
    "a quoted plan that runs": 'EXPLAIN ("analyze") CREATE TABLE left_by_a_read AS SELECT 1 AS id',
    "a comment that ends at a carriage return": "SELECT 1 AS id -- \r INTO left_by_a_read",
}


def _insert(session: Session) -> None:
    session.add(Tag(name="new"))
    session.flush()


def _rename(session: Session) -> None:
    session.scalars(select(User).limit(1)).one().username = "renamed"
    session.commit()


def _delete(session: Session) -> None:
    session.delete(session.scalars(select(User).limit(1)).one())
    session.flush()


def _nest(session: Session) -> None:
    session.begin_nested()
    session.execute(NOW)


WRITES: dict[str, Callable[[Session], object]] = {
    "an insert through the ORM": _insert,
    "an insert of the core": lambda session: session.execute(insert(Tag).values(name="new")),
    "a change of a loaded object": _rename,
    "a delete": _delete,
    "a row lock": lambda session: session.execute(select(User).with_for_update()),
    "a shared row lock": lambda session: session.execute(select(User).with_for_update(read=True, key_share=True)),
    "a savepoint": _nest,
    **{name: lambda session, sql=sql: session.execute(text(sql)) for name, sql in SQL.items()},  # type: ignore[misc]  # mypy cannot infer a lambda with a default
}


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    made = Database(database_url)
    yield made
    await made.dispose()


@pytest.mark.parametrize("name", WRITES)
async def test_both_sides_refuse(name: str, database: Database) -> None:
    with pytest.raises(WriteInReadOnlyUnit, match=r"read_only"), database.unit_of_work(read_only=True) as session:
        WRITES[name](session)
    with pytest.raises(WriteInReadOnlyUnit, match=r"read_only"):
        async with database.async_unit_of_work(read_only=True) as session:
            await session.run_sync(WRITES[name])
    with database.unit_of_work() as session:
        assert not session.scalars(select(Tag).where(Tag.name == "new")).all()


@pytest.mark.parametrize(
    "statement",
    [
        select(User).limit(1),
        text("WITH u AS (SELECT id FROM users) SELECT count(*) FROM u"),
        text("VALUES (1), (2)"),
        text("TABLE tags"),
        text("SHOW work_mem"),
        text("EXPLAIN SELECT 'DELETE' AS deleted, 'for update of all' AS x"),
        text("SELECT 'on update cascade'"),
        text("/* from: a report */ SELECT 1 -- into\n;"),
        text("SELECT 1 AS \"into\", $$for update; drop$$, E'it\\'s into'"),
        select(User.id).limit(1).union_all(select(User.id).limit(2)),
    ],
    ids=str,
)
async def test_both_sides_read(statement: Executable, database: Database) -> None:
    with database.unit_of_work(read_only=True) as session:
        expected = [str(row) for row in session.execute(statement)]
    async with database.async_unit_of_work(read_only=True) as session:
        found = [str(row) for row in await session.execute(statement)]
    assert len(found) == len(expected) > 0


async def test_no_transaction_is_begun(database: Database) -> None:
    for read_only in (False, True):
        with database.unit_of_work(read_only=read_only) as session:
            assert _in_transaction(session) is not read_only
        async with database.async_unit_of_work(read_only=read_only) as session:
            assert await session.run_sync(_in_transaction) is not read_only


async def test_a_level_with_one_snapshot_keeps_its_transaction(database_url: str) -> None:
    options = {"server_settings": {"default_transaction_isolation": "repeatable read"}}
    for database in (
        Database(database_url, isolation_level="REPEATABLE READ"),
        Database(database_url, connect_args=options),
    ):
        await _assert_one_snapshot(database)


async def _assert_one_snapshot(database: Database) -> None:
    with database.unit_of_work(read_only=True) as session:
        assert _in_transaction(session)
        with pytest.raises(WriteInReadOnlyUnit):
            session.execute(insert(Tag).values(name="new"))
    await database.dispose()


async def test_the_connection_writes_again_for_its_next_tenant(database_url: str) -> None:
    database = Database(database_url)
    with database.unit_of_work(read_only=True) as session:
        reader = session.connection().connection.dbapi_connection
    with database.unit_of_work() as session:
        assert session.connection().connection.dbapi_connection is reader
        session.add(Tag(name="after"))
        session.flush()
        session.rollback()
        assert not session.scalars(select(Tag).where(Tag.name == "after")).all()
    await database.dispose()


async def test_the_asynchronous_connection_writes_again_for_its_next_tenant(database_url: str) -> None:
    database = Database(database_url, pool=PoolSettings(size=1, overflow=0))
    async with database.async_unit_of_work(read_only=True) as session:
        await session.execute(NOW)
    async with database.async_unit_of_work() as session:
        session.add(Tag(name="after"))
        await session.flush()
        await session.rollback()
        assert not (await session.scalars(select(Tag).where(Tag.name == "after"))).all()
        session.add(Tag(name="after"))
    await database.dispose()


async def test_a_unit_may_ask_for_one_snapshot(database: Database) -> None:
    def ask(session: Session) -> bool:
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        return _in_transaction(session)

    with database.unit_of_work(read_only=True) as session:
        assert ask(session)
        with pytest.raises(WriteInReadOnlyUnit):
            session.execute(insert(Tag).values(name="new"))
    async with database.async_unit_of_work(read_only=True) as other:
        assert await other.run_sync(ask)
        with pytest.raises(WriteInReadOnlyUnit):
            await other.execute(insert(Tag).values(name="new"))


async def test_rows_can_be_streamed(database: Database) -> None:
    """A cursor of the server's needs a transaction, so there is one from then on."""
    many = text("SELECT generate_series(1, 200)")
    with database.unit_of_work(read_only=True) as session:
        assert not _in_transaction(session)
        assert len(list(session.execute(many, execution_options={"yield_per": 10}))) == 200
        assert _in_transaction(session)
        session.commit()
        assert not _in_transaction(session)
    async with database.async_unit_of_work(read_only=True) as other:
        assert len([row async for row in await other.stream(many)]) == 200
        assert await other.run_sync(_in_transaction)
        await other.commit()
        assert not await other.run_sync(_in_transaction)


async def test_a_connection_that_was_lost_does_not_hide_why(database: Database) -> None:
    """Nothing is set on it when it is given back."""
    with pytest.raises(OperationalError), database.unit_of_work(read_only=True) as session:
        session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    with pytest.raises(OperationalError):
        async with database.async_unit_of_work(read_only=True) as session:
            await session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    with pytest.raises(InterfaceError), database.unit_of_work(read_only=True) as session:
        session.connection().connection.dbapi_connection.close()  # type: ignore[union-attr]  # it is connected
    with database.unit_of_work(read_only=True) as session:
        assert session.scalar(text("SELECT 1")) == 1


async def test_only_an_end_that_is_sent_needs_a_task(database: Database) -> None:
    made: list[object] = []

    def note(loop: asyncio.AbstractEventLoop, work: Any, **options: Any) -> asyncio.Task[Any]:
        made.append(work)
        return asyncio.Task(work, loop=loop, **options)

    for tasks, read_only, options in (1, False, {}), (0, True, {}), (1, True, {"isolation_level": "REPEATABLE READ"}):
        async with database.async_unit_of_work(read_only=read_only) as session:
            await session.connection(execution_options=options)
            await session.execute(text("SELECT 1"))
            asyncio.get_running_loop().set_task_factory(note)
        asyncio.get_running_loop().set_task_factory(None)
        assert len(made) == tasks, made
        made.clear()


async def test_what_a_read_leaves_in_its_session_is_reset_though_it_is_cancelled(database_url: str) -> None:
    """The reset is the one thing that such a unit sends at its end."""
    database = Database(database_url, pool=PoolSettings(size=1, overflow=0, session_state="always"))

    async def read() -> None:
        async with database.async_unit_of_work(read_only=True) as session:
            await session.execute(text("SELECT pg_advisory_lock(77), set_config('application_name', 'left', false)"))
            asyncio.current_task().cancel()  # type: ignore[union-attr]  # is delivered where the end waits for the server

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(read())
    async with database.async_unit_of_work() as session:
        assert await session.scalar(text("SELECT current_setting('application_name')")) != "left"
        assert await session.scalar(text("SELECT pg_try_advisory_xact_lock(77)"))
    with database.unit_of_work() as other:
        assert other.scalar(text("SELECT pg_try_advisory_xact_lock(77)"))
    await database.dispose()


async def test_a_session_that_is_lost_does_not_leave_its_connection_without_transactions(database_url: str) -> None:
    database = Database(database_url, pool=PoolSettings(size=1, overflow=0))
    session = database._reading.session(database.sessions)
    reader = session.connection().connection.dbapi_connection
    del session
    gc.collect()
    with database.unit_of_work() as session:
        assert session.connection().connection.dbapi_connection is reader
        assert _in_transaction(session)
    await database.dispose()


async def test_nothing_is_sent_but_the_reads(database_url: str) -> None:
    """The server tells the last thing that it was sent: between two units of work, that is the read of the first."""
    database = Database(database_url, pool=PoolSettings(size=1, overflow=0, session_state="keep"))
    other = Database(database_url)
    last = text("SELECT query FROM pg_stat_activity WHERE pid = :pid")
    with database.unit_of_work() as session:
        pid = session.scalar(text("SELECT pg_backend_pid()"))
    for number in range(3):
        with database.unit_of_work(read_only=True) as session:
            session.connection()
            with other.unit_of_work() as watcher:
                assert watcher.scalar(last, {"pid": pid}) == (f"SELECT {number - 1}" if number else "COMMIT")
            session.execute(text(f"SELECT {number}"))
    await database.dispose()
    await other.dispose()


def _in_transaction(session: Session) -> bool:
    return bool(session.scalar(NOW) == session.scalar(NOW))


def search(session: Session) -> dict[str, bool]:
    return {"transaction": _in_transaction(session)}


async def search_natively(session: AsyncSession) -> dict[str, bool]:
    return {"transaction": await session.run_sync(_in_transaction)}


@pytest.mark.parametrize("stage", ["legacy", "native"])
async def test_a_router_may_take_every_get_for_a_read(stage: str, database_url: str) -> None:
    bridge = Bridge(database=Database(database_url), legacy=Flask("none"), default_stage=stage)
    router = bridge.router(follow_flask=False, read_only_gets=True)
    router.get("/read", legacy=search)(search_natively)
    router.get("/not", legacy=search, read_only=False)(search_natively)
    router.post("/read", legacy=search)(search_natively)
    router.post("/search", legacy=search, read_only=True)(search_natively)
    app = FastAPI()
    app.include_router(router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bridge") as client:
        found = {
            f"{method} {path}": (await client.request(method, path)).json()["transaction"]
            for method, path in [("GET", "/read"), ("GET", "/not"), ("POST", "/read"), ("POST", "/search")]
        }
    assert found == {"GET /read": False, "GET /not": True, "POST /read": True, "POST /search": False}
    await bridge.close()


async def test_listeners_of_the_engine_hear_what_is_read(database: Database) -> None:
    heard = list[str]()
    event.listen(database.sync_engine, "before_cursor_execute", lambda *args: heard.append(args[2]))
    with database.unit_of_work(read_only=True) as session:
        session.execute(select(1))
    assert len(heard) == 1


SETTING = "SELECT set_config('app.tenant', 'acme', true)"
TENANT = text("SELECT current_setting('app.tenant', true)")


async def _on_both_sides(database: Database, read: Callable[[Session], object]) -> tuple[object, object]:
    with database.unit_of_work(read_only=True) as session:
        found = read(session)
    async with database.async_unit_of_work(read_only=True) as other:
        return found, await other.run_sync(read)


class TenantSession(Session):
    """What a team listens to, or gives to factories."""


async def test_listeners_of_sessions_hear_those_that_read(database: Database) -> None:
    """Such as one that adds a filter to whatever is selected."""

    def first_alone(state: ORMExecuteState) -> None:
        state.statement = state.statement.options(with_loader_criteria(User, User.id == 1))

    event.listen(database.sessions, "do_orm_execute", first_alone)
    event.listen(database.async_sessions.kw["sync_session_class"], "do_orm_execute", first_alone)
    ids = select(User.id)
    for read_only in (False, True):
        with database.unit_of_work(read_only=read_only) as session:
            assert session.scalars(ids).all() == [1]
        async with database.async_unit_of_work(read_only=read_only) as other:
            assert (await other.scalars(ids)).all() == [1]


async def test_sessions_that_read_are_as_their_factory_is_configured(database: Database) -> None:
    for sessions in (database.sessions, database.async_sessions):
        sessions.configure(info={"tenant": "acme"}, autoflush=False)
    assert await _on_both_sides(database, lambda session: (session.info["tenant"], session.autoflush)) == (
        ("acme", False),
        ("acme", False),
    )
    database.sessions = sessionmaker(database.sync_engine, class_=TenantSession)
    database.async_sessions.configure(sync_session_class=TenantSession)
    assert await _on_both_sides(database, lambda session: isinstance(session, TenantSession)) == (True, True)
    with pytest.raises(WriteInReadOnlyUnit), database.unit_of_work(read_only=True) as session:
        _insert(session)
    with database.unit_of_work() as session:
        assert _in_transaction(session)


async def test_options_of_the_engine_let_no_write_pass(database: Database) -> None:
    database.sessions.configure(bind=database.sync_engine.execution_options(logging_token="x"))
    with pytest.raises(WriteInReadOnlyUnit), database.unit_of_work(read_only=True) as session:
        _insert(session)


@pytest.mark.parametrize(
    "setting",
    [
        text(SETTING),
        select(func.set_config("app.tenant", "acme", true())),
        text("SELECT pg_advisory_xact_lock(77), set_config('app.tenant', 'acme', true)"),
    ],
    ids=str,
)
async def test_what_lasts_as_long_as_a_transaction_has_one(setting: Executable, database: Database) -> None:
    def read(session: Session) -> tuple[object, bool, object, bool]:
        session.execute(setting)
        kept = session.scalar(TENANT), _in_transaction(session)
        session.commit()
        return *kept, session.scalar(TENANT), _in_transaction(session)

    assert await _on_both_sides(database, read) == (("acme", True, "", False),) * 2


@pytest.mark.parametrize("lock", ["pg_advisory_xact_lock", "pg_try_advisory_xact_lock", "pg_advisory_xact_lock_shared"])
async def test_a_lock_of_a_transaction_is_held(lock: str, database: Database, database_url: str) -> None:
    other = Database(database_url)

    def read(session: Session) -> object:
        session.execute(text(f"SELECT {lock}(77)"))
        with other.unit_of_work() as another:
            return another.scalar(text("SELECT pg_try_advisory_xact_lock(77)"))

    with database.unit_of_work(read_only=True) as session:
        assert read(session) is False
    await other.dispose()


def _say_who(_session: Session, _transaction: object, connection: Connection) -> None:
    connection.exec_driver_sql(SETTING)


@pytest.mark.parametrize("first", [False, True])
async def test_a_listener_may_set_something_for_the_transaction(database: Database, *, first: bool) -> None:
    """As for row level security: whoever listens first."""
    for kind in database.sessions.class_, database.async_sessions.kw["sync_session_class"]:
        event.listen(kind, "after_begin", _say_who, insert=first)
    for _ in range(2):
        assert await _on_both_sides(database, lambda session: session.scalar(TENANT)) == ("acme", "acme")


async def test_a_listener_of_another_class_of_sessions_may_set_something(database: Database) -> None:
    class Own(Session):
        pass

    event.listen(Own, "after_begin", _say_who)
    database.sessions = sessionmaker(database.sync_engine, class_=Own)
    database.async_sessions.configure(sync_session_class=Own)
    for _ in range(2):
        assert await _on_both_sides(database, lambda session: session.scalar(TENANT)) == ("acme", "acme")


async def test_a_listener_of_the_engine_may_set_something_for_the_transaction(database: Database) -> None:
    for engine in (database.sync_engine, database.async_engine.sync_engine):
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("SET LOCAL app.tenant = 'acme'"))
    assert await _on_both_sides(database, lambda session: session.scalar(TENANT)) == ("acme", "acme")
