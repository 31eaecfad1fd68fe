"""Overload and deadlines are answers: 503 and 504 with Retry-After, at once, on every path."""

from __future__ import annotations

import asyncio
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession  # noqa: TC002  FastAPI reads annotations
from sqlalchemy.orm import Session  # noqa: TC002  FastAPI reads annotations

from bridge import NativeTransactionPending
from tests.integration.application import Migration, migrating
from tests.integration.server_side import ServerSide, assert_nothing_leaked, until

if TYPE_CHECKING:
    import httpx

    from bridge.types import Message

FULL: dict[str, Any] = {"capacity": 1, "max_waiting": 0}


class Gate:
    """Holds the only token until it is opened."""

    def __init__(self) -> None:
        self.entered, self.opened = threading.Event(), threading.Event()

    def pass_through(self) -> dict[str, str]:
        self.entered.set()
        assert self.opened.wait(10)
        return {"answer": "late"}


def sleep(session: Session) -> dict[str, str]:
    session.execute(text("SELECT pg_sleep(60)"))
    return {}


def declare(gate: Gate, migration: Migration) -> None:
    plain = migration.bridge.router(follow_flask=False, prefix="/plain")
    for router in (migration.router, plain):
        router.get("/gate", replaces=None)(gate.pass_through)
        router.get("/quick", replaces=None)(lambda: {"answer": "quick"})
        router.get("/sleep", replaces=None, deadline=0.2)(sleep)
        router.get("/watched", replaces=None, watch_disconnect=True)(sleep)
    migration.app.include_router(plain)
    migration.legacy.add_url_rule("/flask", view_func=lambda: "from Flask", endpoint="flask")

    @migration.app.get("/call")
    async def call() -> int:
        result: int = await migration.bridge.call(lambda session: session.scalar(text("SELECT 7")))
        return result


def assert_unavailable(response: httpx.Response, status: int, content_type: str) -> None:
    assert response.status_code == status
    assert int(response.headers["retry-after"]) >= 1
    assert response.headers["content-type"].startswith(content_type)
    for secret in ("token", "quick", "sleep", "deadline"):
        assert secret not in response.text, "the reason is for the log"


@pytest.mark.parametrize(
    ("url", "content_type"),
    [
        ("/quick", "text/html"),
        ("/plain/quick", "application/json"),
        ("/call", "application/json"),
        ("/flask", "text/plain"),
    ],
)
async def test_a_full_line_is_answered_503_at_once(url: str, content_type: str, database_url: str) -> None:
    gate = Gate()
    async with migrating(database_url, partial(declare, gate), **FULL) as (_, client):
        first = asyncio.create_task(client.get("/gate"))
        await until(gate.entered.is_set)
        assert_unavailable(await client.get(url), 503, content_type)
        assert not first.done()
        gate.opened.set()
        assert (await first).json() == {"answer": "late"}
        assert (await client.get(url)).status_code == 200


async def test_waiting_too_long_is_answered_503(database_url: str) -> None:
    gate = Gate()
    async with migrating(database_url, partial(declare, gate), capacity=1, admission_timeout=0.05) as (_, client):
        first = asyncio.create_task(client.get("/gate"))
        await until(gate.entered.is_set)
        assert_unavailable(await client.get("/quick"), 503, "text/html")
        gate.opened.set()
        await first


async def test_the_handler_of_the_flask_application_writes_the_body_and_retry_after_stays(database_url: str) -> None:
    gate = Gate()

    def with_handler(migration: Migration) -> None:
        declare(gate, migration)
        migration.legacy.register_error_handler(503, lambda _error: ({"problem": "busy"}, 503))

    async with migrating(database_url, with_handler, **FULL) as (_, client):
        first = asyncio.create_task(client.get("/gate"))
        await until(gate.entered.is_set)
        response = await client.get("/quick")
        assert response.json() == {"problem": "busy"}
        assert_unavailable(response, 503, "application/json")
        gate.opened.set()
        await first


@pytest.mark.parametrize(("url", "content_type"), [("/sleep", "text/html"), ("/plain/sleep", "application/json")])
async def test_a_deadline_is_answered_504_and_stops_the_statement(
    url: str, content_type: str, database_url: str, server: ServerSide
) -> None:
    async with migrating(database_url, partial(declare, Gate())) as (migration, client):
        assert_unavailable(await client.get(url), 504, content_type)
        assert not server.connections("state = 'active'")
        await assert_nothing_leaked(migration.bridge.database, server)


@pytest.mark.parametrize("url", ["/watched", "/plain/watched"])
async def test_a_client_that_goes_away_stops_the_statement_of_a_watched_route(
    url: str, database_url: str, server: ServerSide
) -> None:
    gone = asyncio.Event()
    sent: list[Message] = []
    body: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if body:
            return body.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Any = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http", "path": url,
        "raw_path": url.encode(), "query_string": b"", "root_path": "", "headers": [(b"host", b"test")],
        "client": ("127.0.0.1", 1), "server": ("test", 80),
    }  # fmt: skip
    async with migrating(database_url, partial(declare, Gate())) as (migration, _):
        request = asyncio.create_task(migration.app(scope, receive, send))
        await until(lambda: server.connections("state = 'active' AND query LIKE '%pg_sleep%'"))
        gone.set()
        await asyncio.wait_for(request, 5)
        assert not server.connections("state = 'active'")
        await assert_nothing_leaked(migration.bridge.database, server)
        assert migration.bridge.statistics().cancelled == 1


STATEMENTS: dict[str, str] = {
    "statement": "UPDATE tags SET name = name",
    "in a CTE": "WITH named AS (UPDATE tags SET name = name RETURNING id) SELECT * FROM named",
    "after a CTE": "WITH old AS (SELECT min(id) AS id FROM tags) UPDATE tags SET name = name WHERE id IN (SELECT id FROM old)",
}


@pytest.mark.parametrize("write", [*STATEMENTS, "flushed", "pending"])
async def test_a_bridged_call_inside_a_native_transaction_with_writes_is_an_error(
    write: str, database_url: str
) -> None:
    errors = list[NativeTransactionPending]()

    async with migrating(database_url, partial(declare_nested, errors, write), capacity=1) as (_, client):
        assert (await client.get("/nested")).json() == {"after_commit": 7, "read_only": 7}
    (error,) = errors
    assert "has uncommitted writes: commit before the call" in str(error)


def declare_nested(errors: list[NativeTransactionPending], write: str, migration: Migration) -> None:
    from legacy_sync.models import Tag  # noqa: PLC0415  only this path needs it

    def seven(session: Session) -> int:
        result: int = session.scalar(text("SELECT 7")) or 0
        return result

    async def nested(session: AsyncSession) -> dict[str, int]:
        await session.execute(text("SELECT 1"))
        read_only = await migration.bridge.call(seven)
        if write in STATEMENTS:
            await session.execute(text(STATEMENTS[write]))
        else:
            session.add(Tag(name="pending"))
        if write == "flushed":
            await session.flush()
        try:
            await migration.bridge.call(seven)
        except NativeTransactionPending as error:
            errors.append(error)
        await session.commit()
        return {"read_only": read_only, "after_commit": await migration.bridge.call(seven)}

    migration.router.get("/nested", replaces=None)(nested)


async def test_draining_answers_503_and_logs_what_is_stuck(database_url: str) -> None:
    gate = Gate()
    async with migrating(database_url, partial(declare, gate), capacity=1) as (migration, client):
        first = asyncio.create_task(client.get("/gate"))
        await until(gate.entered.is_set)
        closing = asyncio.create_task(migration.bridge.close())
        await asyncio.sleep(0)
        assert_unavailable(await client.get("/plain/quick"), 503, "application/json")
        gate.opened.set()
        await closing
        assert (await first).status_code == 200
        await migration.bridge.start()
        assert (await client.get("/plain/quick")).status_code == 200
