"""What other callers commit between the two paths of a checked write is not held against the port."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession  # noqa: TC002 - the signatures are read at run time
from sqlalchemy.orm import Session  # noqa: TC002 - as above
from werkzeug.exceptions import Conflict, NotFound

from bridge import Database
from bridge.shadow import CheckOptions, Verdict, WriteCapture
from tests.integration.shadow.reading import Checked, checked

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.shadow import Check
    from tests.integration.server_side import ServerSide

WRITES = CheckOptions(writes=True)
TABLES = ["notes", '"Order"']
SCHEMA = """
CREATE TABLE notes (
    id serial PRIMARY KEY, title text NOT NULL, stock integer NOT NULL CHECK (stock >= 0), price numeric(10, 2) NOT NULL DEFAULT 1.50,
    taken boolean NOT NULL DEFAULT true, written timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX ON notes (lower(title)) WHERE taken;
CREATE TABLE "Order" ("Shop" integer, "No" integer, words text, PRIMARY KEY ("Shop", "No"), UNIQUE ("Shop", words));
INSERT INTO notes (title, stock) VALUES ('first', 1), ('second', 20);
"""
RENAME = "UPDATE notes SET title = 'Fresh' WHERE id = 1 RETURNING stock"
TAKE = "UPDATE notes SET stock = stock - 1 WHERE id = 1 AND stock > 0 RETURNING stock"
DELETE = "DELETE FROM notes WHERE id = 1 RETURNING stock"
ADD = "INSERT INTO notes (title, stock) VALUES ('FRESH', 5) RETURNING stock"
ORDER = """INSERT INTO "Order" VALUES (1, 2, 'thing') RETURNING "No" """
WORDS = """INSERT INTO "Order" SELECT 1, coalesce(max("No"), 0) + 1, 'thing' FROM "Order" RETURNING "No" """


@pytest.fixture
async def url(database_url: str, server: ServerSide) -> str:
    await asyncio.to_thread(server.run, SCHEMA)
    database = await asyncio.to_thread(Database, database_url)
    await WriteCapture(database).install(TABLES)
    await database.dispose()
    return database_url


def answer(found: Any) -> dict[str, Any]:
    if found is None:
        raise NotFound
    return {"is": found}


def ported(sql: str, between: Callable[[], object], *, changed: str | None = None) -> Callable[[Checked], object]:
    """Declare a port that is correct unless it has *changed* SQL; *between* is done before the legacy function, once it is rolled back."""

    async def native(session: AsyncSession) -> dict[str, Any]:
        try:
            return answer(await session.scalar(text(changed or sql)))
        except IntegrityError as error:
            raise Conflict from error

    def legacy(session: Session) -> dict[str, Any]:
        between()
        try:
            return answer(session.scalar(text(sql)))
        except IntegrityError as error:
            raise Conflict from error

    return lambda migration: migration.router.post("/write", legacy=legacy, check=WRITES)(native)


async def checked_once(url: str, declare: Callable[[Checked], object]) -> Check:
    async with checked(url, declare) as (migration, client):
        await client.post("/write")
        await migration.settled()
        return await migration.only()


@pytest.mark.parametrize(
    ("sql", "others"),
    [
        pytest.param(TAKE, "UPDATE notes SET stock = 0 WHERE id = 1", id="only the candidate finds any"),
        pytest.param(TAKE, "UPDATE notes SET stock = 9 WHERE id = 1", id="both change it"),
        pytest.param(DELETE, "DELETE FROM notes WHERE id = 1", id="both delete it"),
        pytest.param(ADD, "INSERT INTO notes (title, stock) VALUES ('fresh', 7)", id="both take a name"),
        pytest.param(RENAME, "INSERT INTO notes (title, stock) VALUES ('fresh', 7)", id="both rename to one name"),
        pytest.param(ORDER, """INSERT INTO "Order" VALUES (1, 2, 'theirs')""", id="both give a key"),
        pytest.param(WORDS, """INSERT INTO "Order" VALUES (1, 9, 'thing')""", id="the second of two keys"),
    ],
)
async def test_a_correct_port_is_not_accused_of_what_others_did(
    sql: str, others: str, url: str, server: ServerSide
) -> None:
    check = await checked_once(url, ported(sql, lambda: server.run(others)))
    table = "Order" if "Order" in sql else "notes"
    assert check.reason == f"somebody else changed rows of {table} between the two paths"
    assert (check.verdict, check.differences) == (Verdict.NOT_COMPARABLE, ())


@pytest.mark.parametrize(
    ("sql", "changed"),
    [
        pytest.param(TAKE, TAKE.replace("- 1", "- 0"), id="a row that it leaves alone"),
        pytest.param(TAKE, TAKE.replace("id = 1", "id = 2"), id="another row"),
        pytest.param(TAKE, TAKE.replace("- 1", "- 1, price = 2.5"), id="another column"),
        pytest.param("SELECT 1", TAKE, id="a row too many"),
        pytest.param("SELECT 1", DELETE, id="a row too few"),
        pytest.param("SELECT 1", ADD, id="an insert too many"),
        pytest.param(RENAME, ADD, id="an insert for an update"),
        pytest.param(ADD, RENAME, id="an update for an insert"),
        pytest.param(ADD, ADD.replace("5", "6"), id="another insert"),
        pytest.param(ORDER, WORDS, id="another key"),
    ],
)
async def test_what_others_did_elsewhere_excuses_nothing(sql: str, changed: str, url: str, server: ServerSide) -> None:
    elsewhere = "INSERT INTO notes (title, stock) VALUES ('elsewhere', 0); UPDATE notes SET stock = 0 WHERE id > 2"
    check = await checked_once(url, ported(sql, lambda: server.run(elsewhere), changed=changed))
    assert check.verdict is Verdict.MISMATCHED, check.reason


async def test_a_lock_that_somebody_else_holds_is_not_the_ports_fault(url: str, server: ServerSide) -> None:
    with server.holding("notes") as let_go:
        check = await checked_once(url, ported(TAKE, let_go))
    assert check.reason == "somebody else held a lock that the candidate waited for"
    assert check.verdict is Verdict.NOT_COMPARABLE
