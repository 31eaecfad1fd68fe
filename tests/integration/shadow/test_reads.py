"""Reads are checked in the background: every difference is found, none is invented, and the caller notices nothing."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import flask
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession  # noqa: TC002 - the signatures are read at run time
from sqlalchemy.orm import Session  # noqa: TC002 - as above
from werkzeug.exceptions import NotFound

from bridge import Path
from bridge.shadow import CheckOptions, CheckSettings, Verdict
from tests.integration.shadow.reading import Checked, checked

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = text("SELECT username FROM users WHERE id = :id")


def find(session: Session, user_id: int) -> dict[str, Any]:
    name = session.scalar(NAME, {"id": user_id})
    if name is None:
        raise NotFound
    return {"name": name}


async def port(session: AsyncSession, user_id: int) -> dict[str, Any]:
    name = await session.scalar(NAME, {"id": user_id})
    if name is None:
        raise NotFound
    return {"name": name}


def ported(native: Callable[..., Any] = port, **options: Any) -> Callable[[Checked], object]:
    return lambda migration: migration.router.get("/names/{user_id:int}", legacy=find, **options)(native)


async def test_a_port_that_answers_alike_matches(database_url: str) -> None:
    async with checked(database_url, ported()) as (migration, client):
        for url in ("/names/1", "/names/2", "/names/999999"):
            assert (await client.get(url)).headers["bridge-path"] == "bridged"
        checks = await migration.settled()
    assert [check.verdict for check in checks] == [Verdict.MATCHED] * 3
    assert {(check.control.path, check.candidate.path) for check in checks} == {(Path.BRIDGED, Path.NATIVE)}
    assert [check.control.response.status for check in checks if check.control.response] == [200, 200, 404]


async def test_a_port_that_answers_otherwise_is_found_and_named(database_url: str) -> None:
    async def wrong(session: AsyncSession, user_id: int) -> dict[str, Any]:
        return {"name": (await port(session, user_id))["name"].upper()}

    async with checked(database_url, ported(wrong)) as (migration, client):
        answer = await client.get("/names/1")
        check = await migration.only()
    assert answer.json() == {"name": "admin"}
    assert check.verdict is Verdict.MISMATCHED
    (difference,) = check.differences
    assert (difference.rule, difference.where) == ("json.string.case", "$.name")
    assert (difference.control, difference.candidate) == ('"admin"', '"ADMIN"')


@pytest.mark.parametrize("stage", ["legacy", "native", "canary 50 %"])
async def test_other_stages_are_not_checked(stage: str, database_url: str) -> None:
    async with checked(database_url, ported(), stage=stage) as (migration, client):
        await client.get("/names/1")
        assert await migration.settled() == []


async def test_at_verify_the_legacy_path_is_checked(database_url: str) -> None:
    async with checked(database_url, ported(), stage="verify") as (migration, client):
        assert (await client.get("/names/1")).headers["bridge-path"] == "native"
        check = await migration.only()
    assert (check.control.path, check.candidate.path) == (Path.NATIVE, Path.BRIDGED)
    assert check.verdict is Verdict.MATCHED


async def test_a_flask_view_is_checked_against_as_well(database_url: str) -> None:
    def declare(migration: Checked) -> None:
        engine = migration.bridge.database.sync_engine

        def show(user_id: int) -> dict[str, Any]:
            with engine.connect() as connection:
                return {"name": connection.scalar(NAME, {"id": user_id})}

        migration.legacy.add_url_rule("/names/<int:user_id>", "show", show)
        migration.router.get("/names/{user_id:int}")(port)

    async with checked(database_url, declare) as (migration, client):
        assert (await client.get("/names/1")).headers["bridge-path"] == "flask"
        assert (await migration.only()).verdict is Verdict.MATCHED


async def test_a_new_operation_has_nothing_to_be_checked_against(database_url: str) -> None:
    def declare(migration: Checked) -> None:
        migration.router.get("/names/{user_id:int}", replaces=None)(port)

    async with checked(database_url, declare) as (migration, client):
        assert (await client.get("/names/1")).headers["bridge-path"] == "native"
        assert await migration.settled() == []


async def test_what_is_written_meanwhile_is_no_difference(database_url: str) -> None:
    """The candidate runs after the control, when the row has changed; on one snapshot they agree."""
    done = asyncio.Event()

    async def late(session: AsyncSession, user_id: int) -> dict[str, Any]:
        await done.wait()
        return await port(session, user_id)

    async with checked(database_url, ported(late)) as (migration, client):
        await client.get("/names/1")
        async with migration.bridge.database.async_unit_of_work() as session:
            await session.execute(text("UPDATE users SET username = 'root' WHERE id = 1"))
        done.set()
        check = await migration.only()
    assert check.verdict is Verdict.MATCHED
    assert check.candidate.response
    assert check.candidate.response.body == b'{"name":"root"}\n'


async def test_a_port_that_is_wrong_is_found_under_writes_too(database_url: str) -> None:
    async def wrong(session: AsyncSession, user_id: int) -> dict[str, Any]:
        return {"name": (await port(session, user_id))["name"] + " "}

    async with checked(database_url, ported(wrong)) as (migration, client):
        for number in range(10):
            await client.get("/names/1")
            async with migration.bridge.database.async_unit_of_work() as session:
                await session.execute(text("UPDATE users SET username = :name WHERE id = 1"), {"name": f"root{number}"})
        checks = await migration.settled()
    assert [check.verdict for check in checks] == [Verdict.MISMATCHED] * 10


async def test_a_control_that_differs_from_itself_is_noise(database_url: str) -> None:
    tosses = iter(range(1000))

    def declare(migration: Checked) -> None:
        def toss() -> dict[str, Any]:
            return {"coin": next(tosses), "side": "heads"}

        @migration.router.get("/toss", legacy=toss)
        async def native() -> dict[str, Any]:
            return {"coin": next(tosses), "side": "heads"}

    async with checked(database_url, declare) as (migration, client):
        await client.get("/toss")
        check = await migration.only()
    assert check.verdict is Verdict.EXCUSED
    assert [difference.where for difference in check.differences] == ["$.coin"]


async def test_a_port_that_writes_on_get_is_found_and_its_write_refused(database_url: str) -> None:
    async def writes(session: AsyncSession, user_id: int) -> dict[str, Any]:
        await session.execute(text("UPDATE users SET email = 'seen@example.org' WHERE id = 1"))
        return await port(session, user_id)

    async with checked(database_url, ported(writes)) as (migration, client):
        answer = await client.get("/names/1")
        check = await migration.only()
        async with migration.bridge.database.async_unit_of_work() as session:
            assert await session.scalar(text("SELECT count(*) FROM users WHERE email = 'seen@example.org'")) == 0
    assert answer.status_code == 200
    assert check.verdict is Verdict.MISMATCHED
    assert "sql.write_in_safe_method" in {difference.rule for difference in check.differences}


async def test_a_control_that_writes_on_get_cannot_be_compared(database_url: str) -> None:
    def counted(session: Session, user_id: int) -> dict[str, Any]:
        session.execute(text("UPDATE users SET version = version + 1 WHERE id = :id"), {"id": user_id})
        return find(session, user_id)

    async def wrong(session: AsyncSession, user_id: int) -> dict[str, Any]:
        return {"name": "?"}

    def declare(migration: Checked) -> None:
        migration.router.get("/names/{user_id:int}", legacy=counted)(wrong)

    async with checked(database_url, declare) as (migration, client):
        await client.get("/names/1")
        check = await migration.only()
        async with migration.bridge.database.async_unit_of_work() as session:
            assert await session.scalar(text("SELECT version FROM users WHERE id = 1")) == 2, "once, for the caller"
    assert check.verdict is Verdict.NOT_COMPARABLE
    assert "the control writes" in str(check.reason)


@pytest.mark.parametrize("error", [RuntimeError, asyncio.CancelledError, SystemExit])
async def test_a_port_that_crashes_is_found(error: type[BaseException], database_url: str) -> None:
    async def crashes(session: AsyncSession, user_id: int) -> dict[str, Any]:
        raise error

    async with checked(database_url, ported(crashes)) as (migration, client):
        assert (await client.get("/names/1")).status_code == 200
        check = await migration.only()
    assert check.verdict is Verdict.MISMATCHED


async def test_only_what_a_caller_sees_goes_to_the_error_log_of_the_application(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def crashes(session: AsyncSession, user_id: int) -> dict[str, Any]:
        raise LookupError

    told: list[Exception] = []
    async with checked(database_url, ported(crashes)) as (migration, client):
        with flask.got_request_exception.connected_to(lambda _app, exception: told.append(exception)):
            assert (await client.get("/names/1")).status_code == 200
            assert (await migration.only()).verdict is Verdict.MISMATCHED
            unseen = {(record.name, record.levelname, record.exc_info is not None) for record in caplog.records}
            assert ("bridge.compat", "WARNING", True) in unseen
            assert migration.legacy.logger.name not in {name for name, *_ in unseen}
            assert told == []
            migration.bridge.stages.set("GET /names/{user_id}", "native")
            assert (await client.get("/names/1")).status_code == 500
    assert [type(error) for error in told] == [LookupError]
    assert migration.legacy.logger.name in {record.name for record in caplog.records}


async def test_a_port_that_hangs_is_found_and_stopped(database_url: str) -> None:
    stopped = asyncio.Event()

    async def hangs(session: AsyncSession, user_id: int) -> dict[str, Any]:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()
        raise AssertionError

    settings = CheckSettings(busy_above=100.0, deadline=0.2)
    async with checked(database_url, ported(hangs), settings=settings) as (migration, client):
        assert (await client.get("/names/1")).status_code == 200
        check = await migration.only()
    assert stopped.is_set()
    assert [difference.rule for difference in check.differences] == ["candidate.timeout"]


async def test_a_port_that_floods_is_stopped(database_url: str) -> None:
    async def floods(session: AsyncSession, user_id: int) -> dict[str, Any]:
        return {"name": "x" * 100_000}

    settings = CheckSettings(busy_above=100.0, max_body_bytes=10_000)
    async with checked(database_url, ported(floods), settings=settings) as (migration, client):
        assert (await client.get("/names/1")).status_code == 200
        check = await migration.only()
    assert check.verdict is Verdict.NOT_COMPARABLE
    assert "max_body_bytes" in str(check.reason)


async def test_what_is_larger_than_the_limit_is_counted_and_not_compared(database_url: str) -> None:
    def declare(migration: Checked) -> None:
        def large() -> str:
            return "x" * 20_000

        @migration.router.get("/large", legacy=large)
        async def native() -> str:
            return "y"

    settings = CheckSettings(busy_above=100.0, max_body_bytes=10_000)
    async with checked(database_url, declare, settings=settings) as (migration, client):
        assert len((await client.get("/large")).content) > 20_000
        assert await migration.settled() == []
        assert migration.bridge.checks.statistics().shed == {"too large": 1}


async def test_a_sink_that_fails_is_counted_and_not_felt(database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    def fails(_check: object) -> None:
        raise OSError("disk full")

    async with checked(database_url, ported()) as (migration, client):
        migration.bridge.checks.sinks.insert(0, fails)
        for _ in range(3):
            assert (await client.get("/names/1")).status_code == 200
        await migration.bridge.checks.settled()
        assert migration.bridge.checks.statistics().failed == 3
    assert "disk full" in caplog.text


async def test_a_busy_process_checks_nothing(database_url: str) -> None:
    async with checked(database_url, ported(), settings=CheckSettings(busy_above=0.0)) as (migration, client):
        await client.get("/names/1")
        await asyncio.sleep(0.11)  # the window over which the processor clock is read
        for _ in range(20):
            await client.get("/names/1")
        await migration.settled()
        assert migration.bridge.checks.statistics().shed["busy"] >= 20


async def test_an_operation_has_a_sample_of_its_own(database_url: str) -> None:
    async with checked(database_url, ported(check=CheckOptions(sample=0.0))) as (migration, client):
        for _ in range(10):
            await client.get("/names/1")
        assert await migration.settled() == []


async def test_a_head_request_is_checked_as_one(database_url: str) -> None:
    async with checked(database_url, ported()) as (migration, client):
        assert (await client.head("/names/1")).content == b""
        check = await migration.only()
    assert check.verdict is Verdict.MATCHED
    assert check.control.request.method == "HEAD"
    assert check.candidate.response
    assert check.candidate.response.body == b""


async def test_a_path_that_sets_context_variables_leaves_none_behind(database_url: str) -> None:
    """Each run is a task of its own."""
    seen: list[str | None] = []
    tenant: ContextVar[str | None] = ContextVar("tenant", default=None)

    async def sets(session: AsyncSession, user_id: int) -> dict[str, Any]:
        seen.append(tenant.get())
        tenant.set("acme")
        return await port(session, user_id)

    async with checked(database_url, ported(sets)) as (migration, client):
        for _ in range(3):
            await client.get("/names/1")
        await migration.settled()
    assert seen == [None, None, None]
