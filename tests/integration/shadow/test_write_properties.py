"""Whatever a candidate does, the caller and the database see what they would without it."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from functools import reduce
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession  # noqa: TC002 - the signatures are read at run time
from sqlalchemy.orm import Session  # noqa: TC002 - as above
from werkzeug.exceptions import Conflict

from bridge import Database
from bridge.shadow import CheckOptions, CheckSettings, Verdict, WriteCapture
from tests.integration.server_side import ServerSide, assert_nothing_leaked
from tests.integration.shadow.reading import EAGER, Checked, checked
from tests.integration.shadow.writing import create

if TYPE_CHECKING:
    from bridge.testing import TemplateDatabase

SEED = """TRUNCATE notes, lines RESTART IDENTITY CASCADE;
INSERT INTO notes (title, stock) VALUES ('first', 10), ('second', 20), ('third', 30);
INSERT INTO lines (note, words) VALUES (1, 'a'), (1, 'b'), (2, 'c')"""

titles = st.sampled_from(["first", "second", "a", "b"])
statements = st.one_of(
    st.builds("INSERT INTO notes (title, stock) VALUES ('{}', {})".format, titles, st.integers(-1, 3)),
    st.builds("UPDATE notes SET stock = stock {} 7 WHERE title = '{}'".format, st.sampled_from("+-"), titles),
    st.builds("DELETE FROM notes WHERE title = '{}'".format, titles),
    st.builds("INSERT INTO lines (note, words) SELECT id, '{0}' FROM notes WHERE title = '{0}'".format, titles),
    st.sampled_from([
        "INSERT INTO lines (note) VALUES (4000)",  # violates a deferred constraint
        "TRUNCATE lines",
        "SAVEPOINT mine",
        "ROLLBACK TO SAVEPOINT mine",
        "SET LOCAL lock_timeout = '9s'",
        "SET CONSTRAINTS ALL IMMEDIATE",
        "SELECT pg_advisory_lock(1)",
        "SELECT pg_notify('news', 'x')",
        "CREATE TABLE made (x integer)",
    ]),
)  # fmt: skip
everyday = st.sampled_from(["commit", "rollback", "raise", "catch"])
# What only a candidate does here: the rest of the program is lost.
DRASTIC: Final = ["COMMIT", "hang", "die", "cancel", "serialization", "reach out", "exit", "own connection"]


def every_drastic_end(test: Any) -> Any:
    """Try each at least once, after a write."""
    return reduce(
        lambda wrapped, end: example([(["DELETE FROM lines"], ["DELETE FROM notes WHERE title = 'first'", end])])(
            wrapped
        ),
        DRASTIC,
        test,
    )


program = st.lists(st.one_of(statements, everyday), max_size=6)
wild = st.lists(st.one_of(statements, everyday, st.sampled_from(DRASTIC)), max_size=6)


def legacy_program(session: Session, steps: list[str]) -> None:
    for step in steps:
        if step == "commit":
            session.commit()
        elif step == "rollback":
            session.rollback()
        elif step == "raise":
            raise Conflict
        elif step != "catch":
            try:
                session.execute(text(step))
            except DBAPIError:
                if "catch" not in steps:
                    raise
                session.rollback()


async def native_program(database: Database, session: AsyncSession, steps: list[str]) -> None:
    for step in steps:
        if step == "cancel":
            raise asyncio.CancelledError
        if step == "exit":
            raise SystemExit
        if step == "reach out":
            await asyncio.open_connection("127.0.0.1", 9)
        elif step == "own connection":
            async with database.async_engine.begin() as connection:
                await connection.execute(text("DELETE FROM lines"))
        else:
            sql = {
                "hang": "SELECT pg_sleep(10)",
                "die": "SELECT pg_terminate_backend(pg_backend_pid())",
                "serialization": "DO $$ BEGIN RAISE SQLSTATE '40001'; END $$",
            }.get(step, step)
            await session.run_sync(legacy_program, [sql, *(["catch"] if "catch" in steps else [])])


class World:
    """One database, and an application on it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.server = ServerSide(url)
        self.native: list[str] = []

    def declare(self, check: CheckOptions) -> Any:
        def declare(migration: Checked) -> object:
            def legacy(session: Session, steps: list[str]) -> dict[str, Any]:
                legacy_program(session, steps)
                return {"notes": session.execute(text("SELECT count(*), sum(stock) FROM notes")).one()._asdict()}

            async def native(session: AsyncSession, steps: list[str]) -> dict[str, Any]:
                await native_program(migration.bridge.database, session, self.native)
                return {
                    "notes": (await session.execute(text("SELECT count(*), sum(stock) FROM notes"))).one()._asdict()
                }

            return migration.router.post("/program", legacy=legacy, check=check)(native)

        return declare

    def reset(self) -> None:
        self.server.run("DROP TABLE IF EXISTS made")
        self.server.run(SEED)

    def rows(self) -> list[Any]:
        """Return every row without the keys that sequences gave, which a candidate leaves gaps in."""
        return [
            *self.server.rows("SELECT title, stock FROM notes ORDER BY title"),
            *self.server.rows("SELECT title, words FROM lines JOIN notes ON note = notes.id ORDER BY 1, 2"),
            *self.server.rows("SELECT count(*) FROM lines"),
            *self.server.rows("SELECT to_regclass('made')"),
            *self.server.rows("SELECT count(*) FROM bridge.row_writes"),
        ]


async def prepare(world: World) -> None:
    await asyncio.to_thread(create, world.server)
    database = await asyncio.to_thread(Database, world.url)
    await WriteCapture(database).install(["notes", "lines"])
    await database.dispose()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("one_connection", [True, False], ids=["one_connection", "apart"])
def test_a_candidate_is_invisible(one_connection: bool, template: TemplateDatabase) -> None:
    with template.clone() as checked_url, template.clone() as plain_url, asyncio.Runner() as runner:
        worlds = World(checked_url), World(plain_url)
        for world in worlds:
            runner.run(prepare(world))

        @every_drastic_end
        @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.lists(st.tuples(program, wild), min_size=1, max_size=3))
        def holds(requests: list[tuple[list[str], list[str]]]) -> None:
            runner.run(compare(worlds, requests, CheckOptions(writes=True, one_connection=one_connection)))

        holds()


async def compare(
    worlds: tuple[World, World], requests: list[tuple[list[str], list[str]]], check: CheckOptions
) -> None:
    limits = CheckSettings(busy_above=EAGER.busy_above, per_second=1e6, write_deadline=0.3, write_lock_timeout=0.1)
    async with AsyncExitStack() as stack:
        clients = []
        for world, stage in zip(worlds, ("shadow", "legacy"), strict=True):
            await asyncio.to_thread(world.reset)
            clients.append(
                await stack.enter_async_context(checked(world.url, world.declare(check), settings=limits, stage=stage))
            )
        for steps, native in requests:
            worlds[0].native = native
            answers = [await client.post("/program", json=steps) for _, client in clients]
            seen = [(answer.status_code, answer.content, sorted(answer.headers.items())) for answer in answers]
            assert seen[0] == seen[1]
            rows = [await asyncio.to_thread(world.rows) for world in worlds]
            assert rows[0] == rows[1]
        migration = clients[0][0]
        checks = await migration.settled()
        assert len(checks) == len(requests)
        for (steps, native), check_made in zip(requests, checks, strict=True):
            if steps == native:
                assert check_made.verdict in {Verdict.MATCHED, Verdict.NOT_COMPARABLE}, check_made
        await assert_nothing_leaked(migration.bridge.database, worlds[0].server)
