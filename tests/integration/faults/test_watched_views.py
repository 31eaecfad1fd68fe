"""A Flask view stops when its client goes away, if that is asked for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import anyio
from sqlalchemy import text

from bridge import WSGISettings
from tests.integration.application import Migration, migrating
from tests.integration.server_side import ServerSide, assert_nothing_leaked, until

if TYPE_CHECKING:
    from bridge.types import Message

torn_down = list[BaseException | None]()


def declare(migration: Migration) -> None:
    def view() -> str:
        with migration.bridge.database.unit_of_work() as session:
            session.execute(text("UPDATE users SET username = 'gone' WHERE id = 1"))
            session.execute(text("SELECT pg_sleep(60)"))
        return "too late"

    migration.legacy.add_url_rule("/view", view_func=view)
    migration.legacy.teardown_request(torn_down.append)


async def test_the_statement_of_a_watched_view_stops_when_the_client_goes_away(
    database_url: str, server: ServerSide
) -> None:
    torn_down.clear()
    gone = asyncio.Event()
    sent = list[Any]()
    body: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if body:
            return body.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Any = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http", "path": "/view",
        "raw_path": b"/view", "query_string": b"", "root_path": "", "headers": [(b"host", b"test")],
        "client": ("127.0.0.1", 1), "server": ("test", 80),
    }  # fmt: skip
    async with migrating(database_url, declare, wsgi=WSGISettings(watch_disconnect=True)) as (migration, client):
        request = asyncio.create_task(migration.app(scope, receive, send))
        await until(lambda: server.connections("state = 'active' AND query LIKE '%pg_sleep%'"))
        gone.set()
        with anyio.fail_after(5):
            await request
        assert not server.connections("state <> 'idle'")
        assert server.users("gone") == 0
        assert not sent, "nobody is there to read it"
        assert len(torn_down) == 1, "Flask tidied up, once"
        await assert_nothing_leaked(migration.bridge.database, server)
        assert (await client.get("/nowhere")).status_code == 404
