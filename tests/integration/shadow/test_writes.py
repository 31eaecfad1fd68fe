"""Writes are checked on the caller's path: the caller gets what it would without, and so does the database."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession  # noqa: TC002 - the signatures are read at run time
from sqlalchemy.orm import Session  # noqa: TC002 - as above
from werkzeug.exceptions import Conflict

from bridge import Database, StopSettings, WritesNotCheckable
from bridge.shadow import CheckOptions, Verdict, WriteCapture, WriteKind
from bridge.shadow.replay import replay_body
from tests.integration.server_side import assert_nothing_leaked, checked_out
from tests.integration.shadow.reading import EAGER, Checked, checked
from tests.integration.shadow.writing import INSERT, contents, create

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.types import Message
    from tests.integration.server_side import ServerSide

RETURNING = text(f"{INSERT.text} RETURNING id, written")
WRITES = CheckOptions(writes=True)
APART = CheckOptions(writes=True, one_connection=False)
HURRIED = replace(EAGER, write_deadline=0.5)
BOTH = pytest.mark.parametrize("check", [WRITES, APART], ids=["one_connection", "apart"])


def add(session: Session, title: str) -> dict[str, Any]:
    try:
        row = session.execute(RETURNING, {"title": title, "stock": 1}).one()
    except IntegrityError as error:
        raise Conflict from error
    return {"id": row.id, "at": row.written.isoformat()}


async def port(session: AsyncSession, title: str) -> dict[str, Any]:
    try:
        row = (await session.execute(RETURNING, {"title": title, "stock": 1})).one()
    except IntegrityError as error:
        raise Conflict from error
    return {"id": row.id, "at": row.written.isoformat()}


def ported(
    native: Callable[..., Any] = port, *, legacy: Callable[..., Any] | None = add, **options: Any
) -> Callable[[Checked], object]:
    options.setdefault("check", WRITES)
    return lambda migration: migration.router.post("/notes/{title}", legacy=legacy, **options)(native)


@pytest.fixture
async def url(database_url: str, server: ServerSide) -> str:
    await asyncio.to_thread(create, server)
    return database_url


@pytest.fixture
async def capturing(url: str) -> str:
    database = await asyncio.to_thread(Database, url)
    await WriteCapture(database).install(["notes", "lines"])
    await database.dispose()
    return url


@BOTH
async def test_a_port_that_does_the_same_matches_and_writes_nothing(
    check: CheckOptions, capturing: str, server: ServerSide
) -> None:
    before = contents(server)
    async with checked(capturing, ported(check=check)) as (migration, client):
        answers = [await client.post(f"/notes/{title}") for title in ("new", "newer", "new")]
        checks = await migration.settled()
        await assert_nothing_leaked(migration.bridge.database, server)
    assert [answer.status_code for answer in answers] == [200, 200, 409]
    assert [check.verdict for check in checks] == [Verdict.MATCHED] * 3
    assert {check.reason for check in checks} == {None}
    assert len(contents(server)) == len(before) + 2
    first = checks[0]
    for exchange in (first.control, first.candidate):
        assert exchange.writes
        (row,) = exchange.writes.rows
        assert (row.kind, row.table, list(row.key)) == (WriteKind.INSERT, "notes", ["id"])
        assert row.after
        assert row.after["title"] == "new"
    assert server.rows("SELECT * FROM bridge.row_writes") == []


async def test_both_paths_see_one_moment(capturing: str) -> None:
    async with checked(capturing, ported()) as (migration, client):
        await client.post("/notes/a")
        check = await migration.only()
    moments = {exchange.writes.rows[0].after["written"] for exchange in (check.control, check.candidate)}  # type: ignore[union-attr, index]  # there are rows
    assert len(moments) == 1


async def missing(session: AsyncSession, title: str) -> dict[str, Any]:
    answer = await port(session, title)
    await session.rollback()
    return answer


async def extra(session: AsyncSession, title: str) -> dict[str, Any]:
    answer = await port(session, title)
    await session.execute(text("UPDATE notes SET stock = stock + 1 WHERE id = 1"))
    return answer


async def crash(session: AsyncSession, title: str) -> dict[str, Any]:
    await port(session, title)
    raise LookupError


@BOTH
@pytest.mark.parametrize(
    ("native", "rules"),
    [
        (missing, {"sql.missing_write"}),
        (extra, {"sql.extra_write"}),
        (crash, {"candidate.crashed", "sql.missing_write"}),
    ],
)
async def test_a_port_that_writes_otherwise_is_found(
    native: Callable[..., Any], rules: set[str], check: CheckOptions, capturing: str, server: ServerSide
) -> None:
    before = contents(server)
    async with checked(capturing, ported(native, check=check)) as (migration, client):
        answer = await client.post("/notes/new")
        found = await migration.only()
    assert answer.status_code == 200
    assert found.verdict is Verdict.MISMATCHED
    assert rules <= {difference.rule for difference in found.differences} | {"candidate.crashed"}
    assert {each.rule for each in found.differences if each.rule.startswith("sql")} == rules - {"candidate.crashed"}
    assert [row for row in contents(server) if row in before] == before
    assert len(contents(server)) == len(before) + 1


async def test_without_triggers_the_check_says_so(url: str) -> None:
    async def native(session: AsyncSession, title: str) -> None:
        await port(session, title)

    def legacy(session: Session, title: str) -> None:
        add(session, title)

    async with checked(url, ported(native, legacy=legacy)) as (migration, client):
        await client.post("/notes/new")
        check = await migration.only()
    assert check.verdict is Verdict.MATCHED
    assert check.control.writes is check.candidate.writes is None
    assert check.reason is not None
    assert "not captured" in check.reason


async def conflict(session: AsyncSession, title: str) -> dict[str, Any]:
    await port(session, title)
    raise Conflict


async def without_time(session: AsyncSession, title: str) -> dict[str, Any]:
    return {"id": (await port(session, title))["id"]}


@pytest.mark.parametrize(
    ("native", "verdict"),
    [(port, Verdict.NOT_COMPARABLE), (conflict, Verdict.MISMATCHED), (without_time, Verdict.MISMATCHED)],
)
async def test_without_triggers_generated_values_are_no_evidence_but_another_status_or_shape_is(
    native: Callable[..., Any], verdict: Verdict, url: str
) -> None:
    async with checked(url, ported(native)) as (migration, client):
        assert (await client.post("/notes/new")).status_code == 200
        check = await migration.only()
    assert check.verdict is verdict
    assert check.reason is not None
    assert "install the triggers of WriteCapture" in check.reason


async def test_a_table_without_triggers_is_named(capturing: str, server: ServerSide) -> None:
    server.run("CREATE TABLE log (words text)")

    async def port(session: AsyncSession, title: str) -> None:
        await session.execute(text("INSERT INTO log VALUES ('x')"))

    def legacy(session: Session, title: str) -> None:
        session.execute(text("INSERT INTO log VALUES ('y')"))

    async with checked(capturing, ported(port, legacy=legacy)) as (migration, client):
        await client.post("/notes/new")
        check = await migration.only()
    assert check.reason == "write set not complete: public.log was written, and has no trigger that captures its rows"


@BOTH
async def test_a_port_that_is_too_slow_is_stopped(check: CheckOptions, capturing: str, server: ServerSide) -> None:
    async def slow(session: AsyncSession, title: str) -> dict[str, Any]:
        await port(session, title)
        await session.execute(text("SELECT pg_sleep(30)"))
        return {}

    began = time.monotonic()
    async with checked(capturing, ported(slow, check=check), settings=HURRIED) as (migration, client):
        answer = await client.post("/notes/new")
        found = await migration.only()
        await assert_nothing_leaked(migration.bridge.database, server)
    assert answer.status_code == 200
    assert time.monotonic() - began < 5
    assert (found.verdict, found.reason) == (Verdict.NOT_COMPARABLE, "the candidate took longer than 0.5 s")
    assert len(server.rows("SELECT 1 FROM notes WHERE title = 'new'")) == 1


async def test_a_port_that_ignores_its_cancellation_is_left_behind(capturing: str, server: ServerSide) -> None:
    done = asyncio.Event()
    outcome: list[BaseException] = []

    async def stubborn(session: AsyncSession, title: str) -> dict[str, Any]:
        await port(session, title)
        while not done.is_set():
            try:
                await done.wait()
            except asyncio.CancelledError:
                continue
        try:
            await session.execute(INSERT, {"title": "late", "stock": 1})
        except Exception as error:
            outcome.append(error)
            raise
        return {}

    stopping = StopSettings(cut_after=0.3)
    async with checked(capturing, ported(stubborn), settings=HURRIED, stopping=stopping) as (migration, client):
        assert (await client.post("/notes/new")).status_code == 200
        check = await migration.only()
        done.set()
        while not outcome:  # noqa: ASYNC110  the task belongs to nobody any more
            await asyncio.sleep(0.01)
    assert check.verdict is Verdict.NOT_COMPARABLE
    assert {row[1] for row in contents(server) if len(row) == 3} >= {"new"}
    assert not server.rows("SELECT 1 FROM notes WHERE title = 'late'")


async def test_a_failed_commit_is_an_error_answer(capturing: str, server: ServerSide) -> None:
    def legacy(session: Session, title: str) -> dict[str, Any]:
        session.execute(text("INSERT INTO lines (note) VALUES (4000)"))
        return {}

    async def native(session: AsyncSession, title: str) -> dict[str, Any]:
        await session.execute(text("INSERT INTO lines (note) VALUES (4000)"))
        return {}

    before = contents(server)
    for check in (WRITES, APART):
        async with checked(capturing, ported(native, legacy=legacy, check=check)) as (migration, client):
            assert (await client.post("/notes/new")).status_code == 500
            found = await migration.only()
        assert found.verdict is Verdict.MATCHED
        assert found.candidate.response is not None
        assert found.candidate.response.status == 500
    assert contents(server) == before


@BOTH
async def test_what_the_legacy_function_committed_before_it_failed_stays(
    check: CheckOptions, capturing: str, server: ServerSide
) -> None:
    def legacy(session: Session, title: str) -> dict[str, Any]:
        add(session, title)
        session.commit()
        add(session, f"{title} lost")
        raise LookupError

    async with checked(capturing, ported(crash, legacy=legacy, check=check)) as (migration, client):
        assert (await client.post("/notes/kept")).status_code == 500
        found = await migration.only()
    assert [row.title for row in server.rows("SELECT title FROM notes WHERE id > 3")] == ["kept"]
    assert [difference.rule for difference in found.differences] == ["sql.missing_write"]


async def test_a_legacy_function_that_opens_a_connection_of_its_own_runs_as_always(
    capturing: str, server: ServerSide
) -> None:
    calls = []

    def declare(migration: Checked) -> object:
        def legacy(session: Session, title: str) -> dict[str, Any]:
            calls.append(title)
            with migration.bridge.database.sessions() as own:
                own.execute(INSERT, {"title": f"{title} too", "stock": 1})
                own.commit()
            return add(session, title)

        return ported(legacy=legacy)(migration)

    async with checked(capturing, declare) as (migration, client):
        answer = await client.post("/notes/new")
        await migration.only()
    assert answer.status_code == 200
    assert [row.title for row in server.rows("SELECT title FROM notes WHERE id > 3 ORDER BY title")] == [
        "new",
        "new too",
    ]
    assert calls == ["new", "new"]


async def test_a_flask_view_is_checked_apart(capturing: str, server: ServerSide) -> None:
    def declare(migration: Checked) -> object:
        @migration.legacy.post("/notes/<title>")
        def view(title: str) -> dict[str, Any]:
            with migration.bridge.database.sessions() as session:
                answer = add(session, title)
                session.commit()
            return answer

        return ported(legacy=None, check=APART)(migration)

    async with checked(capturing, declare) as (migration, client):
        answer = await client.post("/notes/new")
        check = await migration.only()
    assert answer.headers["bridge-path"] == "flask"
    assert check.verdict is Verdict.MATCHED, check
    assert check.control.writes is not None
    assert len(check.control.writes.rows) == 1
    assert len(server.rows("SELECT 1 FROM notes WHERE title = 'new'")) == 1


async def test_a_flask_view_cannot_join_a_connection(url: str) -> None:
    with pytest.raises(WritesNotCheckable, match="legacy="):
        async with checked(url, ported(legacy=None)):
            pass


async def test_other_databases_are_refused_at_declaration(tmp_path: Any) -> None:
    with pytest.raises(WritesNotCheckable, match="aiosqlite"):
        async with checked(f"sqlite:///{tmp_path}/a.db", ported()):
            pass


async def test_writes_are_not_checked_unless_asked(url: str) -> None:
    async with checked(url, ported(check=CheckOptions())) as (migration, client):
        await client.post("/notes/new")
        assert await migration.settled() == []


async def test_a_body_too_large_is_not_checked_and_arrives_whole(url: str) -> None:
    async def native(session: AsyncSession, title: str, body: dict[str, Any]) -> dict[str, Any]:
        return body

    def legacy(session: Session, title: str, body: dict[str, Any]) -> dict[str, Any]:
        return body

    settings = replace(EAGER, max_body_bytes=100)
    async with checked(url, ported(native, legacy=legacy), settings=settings) as (migration, client):
        for size in (10, 1000):
            answer = await client.post("/notes/x", json={"a": "x" * size})
            assert answer.json() == {"a": "x" * size}
        checks = await migration.settled()
    assert len(checks) == 1


async def test_the_connection_is_returned_before_the_caller_has_its_answer(capturing: str) -> None:
    """A client that reads slowly, or work after the answer, does not keep it from others."""
    async with checked(capturing, ported()) as (migration, client):
        transport: Any = client._transport
        held: list[int] = []

        async def send(message: Message) -> None:
            held.append(checked_out(migration.bridge.database))

        scope = {
            "type": "http", "method": "POST", "path": "/notes/new", "raw_path": b"/notes/new", "query_string": b"",
            "headers": [(b"host", b"testserver")], "server": ("testserver", 80), "scheme": "http", "http_version": "1.1",
        }  # fmt: skip
        await transport.app(scope, replay_body(b""), send)
    assert held == [0, 0]


BUMP = text("UPDATE notes SET stock = stock + 1 WHERE id = :id")


@pytest.mark.timeout(120)
@BOTH
async def test_writers_of_the_same_rows_neither_lose_an_update_nor_meet_in_a_deadlock(
    check: CheckOptions, capturing: str, server: ServerSide
) -> None:
    def legacy(session: Session) -> None:
        for key in (1, 2):
            session.execute(BUMP, {"id": key})

    async def native(session: AsyncSession) -> None:
        for key in (2, 1):  # in the other order: the port's own mistake, which must be nobody else's
            await session.execute(BUMP, {"id": key})

    def declare(migration: Checked) -> None:
        migration.router.post("/checked", legacy=legacy, check=check)(native)
        migration.router.post("/plain", legacy=legacy)(native)

    async with checked(capturing, declare) as (migration, client):

        async def write(number: int) -> list[int]:
            paths = ["/checked", "/plain"] if number % 2 else ["/plain", "/checked"]
            return [(await client.post(path)).status_code for path in paths * 5]

        answers = await asyncio.gather(*map(write, range(8)))
        checks = await migration.settled()
        await assert_nothing_leaked(migration.bridge.database, server)
    assert {status for statuses in answers for status in statuses} == {200}
    assert server.rows("SELECT stock FROM notes WHERE id < 3 ORDER BY id") == [(10 + 80,), (20 + 80,)]
    assert len(checks) >= 8  # the others were shed, because callers waited for connections
    assert server.rows("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == [(0,)]
