"""Commit before the response starts: a failed commit is an error response, never a success."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import Depends
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from bridge import Database
from tests.conftest import running, settings_for
from tests.integration.application import Migration, migrating
from tests.integration.server_side import ServerSide, assert_nothing_leaked

REFUSE_AT_COMMIT = """
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'refused at commit' USING ERRCODE = '23514'; END $$;
    CREATE CONSTRAINT TRIGGER refuse_at_commit AFTER INSERT ON users
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse();
"""
INSERT = text("INSERT INTO tags (name) VALUES (:name)")
LAST_ACT = "CREATE CONSTRAINT TRIGGER refuse_tags AFTER INSERT ON tags DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()"


def tags(server: ServerSide) -> int:
    count: int = server.rows("SELECT count(*) FROM tags WHERE name = 'new'")[0][0]
    return count


@pytest.mark.parametrize("path", ["flask", "bridged", "native"])
async def test_a_commit_that_fails_is_an_error_response_and_no_row(
    path: str, database_url: str, server: ServerSide
) -> None:
    server.run(REFUSE_AT_COMMIT)
    account = {"username": "refused", "email": "refused@example.com", "password": "long enough"}
    async with running(settings_for(path, database_url)) as (composition, client):
        refused = await client.post("/users", json=account)
        assert refused.status_code == 500
        assert refused.json()["error"]["code"] == "internal_error"
        assert "location" not in refused.headers
        assert refused.headers["bridge-path"] == path
        assert server.users("refused") == 0
        await assert_nothing_leaked(composition.bridge.database, server)
        server.run("DROP TRIGGER refuse_at_commit ON users")
        assert (await client.post("/users", json=account)).status_code == 201
        assert server.users("refused") == 1


def declare_tags(migration: Migration) -> None:
    """Functions that leave the commit to the unit of work."""

    def add(session: Session, name: str) -> dict[str, str]:
        session.execute(INSERT, {"name": name})
        return {"name": name}

    def add_and_fail(session: Session, name: str) -> None:
        add(session, name)
        raise LookupError(name)

    @migration.router.post("/tags", legacy=add)
    async def add_natively(session: AsyncSession, name: str) -> dict[str, str]:
        await session.execute(INSERT, {"name": name})
        return {"name": name}

    @migration.router.post("/failures", legacy=add_and_fail)
    async def add_and_fail_natively(session: AsyncSession, name: str) -> None:
        await add_natively(session, name)
        raise LookupError(name)


async def post(client: httpx.AsyncClient, url: str, path: str) -> httpx.Response:
    response = await client.post(url, params={"name": "new"})
    assert response.headers["bridge-path"] == path
    return response


@pytest.mark.parametrize(("stage", "path"), [("legacy", "bridged"), ("native", "native")])
async def test_the_unit_of_work_commits_before_the_response(
    stage: str, path: str, database_url: str, server: ServerSide
) -> None:
    async with migrating(database_url, declare_tags, default_stage=stage) as (_, client):
        assert (await post(client, "/tags", path)).status_code == 200
        assert tags(server) == 1


@pytest.mark.parametrize(("stage", "path"), [("legacy", "bridged"), ("native", "native")])
async def test_the_unit_of_works_own_commit_that_fails_is_an_error_response(
    stage: str, path: str, database_url: str, server: ServerSide
) -> None:
    server.run(REFUSE_AT_COMMIT)
    server.run(LAST_ACT)
    async with migrating(database_url, declare_tags, default_stage=stage) as (migration, client):
        assert (await post(client, "/tags", path)).status_code == 500
        assert tags(server) == 0
        await assert_nothing_leaked(migration.bridge.database, server)


@pytest.mark.parametrize(("stage", "path"), [("legacy", "bridged"), ("native", "native")])
async def test_an_exception_rolls_everything_back(stage: str, path: str, database_url: str, server: ServerSide) -> None:
    async with migrating(database_url, declare_tags, default_stage=stage) as (migration, client):
        assert (await post(client, "/failures", path)).status_code == 500
        assert tags(server) == 0
        await assert_nothing_leaked(migration.bridge.database, server)


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize(("stage", "path"), [("legacy", "bridged"), ("native", "native")])
async def test_a_transaction_of_a_dependency_ends_as_the_route_does(
    stage: str, path: str, fails: bool, database_url: str, server: ServerSide
) -> None:
    own = Database(database_url)

    async def book() -> AsyncIterator[None]:
        async with own.async_sessions.begin() as session:
            await session.execute(INSERT, {"name": "new"})
            yield

    def declare(migration: Migration) -> None:
        def end(name: str) -> None:
            if fails:
                raise LookupError(name)

        @migration.router.post("/end", legacy=end, dependencies=[Depends(book)])
        async def end_natively(name: str) -> None:
            end(name)

    async with migrating(database_url, declare, default_stage=stage) as (_, client):
        assert (await post(client, "/end", path)).status_code == (500 if fails else 200)
        assert tags(server) == (0 if fails else 1)
    await own.dispose()
