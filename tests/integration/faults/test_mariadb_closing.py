"""aiomysql leaves no socket open, whatever ends a connection and whether or not the server answers."""

from __future__ import annotations

import asyncio
import gc
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from bridge import Database
from tests.integration.faults.network import Network, network
from tests.integration.server_side import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from sqlalchemy.engine import URL

WITH_AND_WITHOUT_TLS = pytest.mark.parametrize("connect_args", [{}, {"ssl_disabled": True}], ids=["tls", "plain"])
ABORTED = text("SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'Aborted_clients'")
CONNECTED = text("SELECT count(*) FROM information_schema.processlist WHERE id = :id")


@pytest.fixture
def mariadb_wire(mariadb_url: str) -> Iterator[Network]:
    """The network between the application and MariaDB."""
    with network(mariadb_url) as wire:
        yield wire


def sockets_to(url: str | URL) -> list[Any]:
    """Return what this process holds open to the port of *url*."""
    port = make_url(url).port
    return [each for each in psutil.Process().net_connections("tcp") if each.raddr and each.raddr.port == port]


@WITH_AND_WITHOUT_TLS
async def test_disposing_does_not_wait_for_the_server(connect_args: dict[str, Any], mariadb_wire: Network) -> None:
    database = Database(mariadb_wire.url, connect_args=connect_args)
    async with database.async_unit_of_work() as session:
        await session.execute(text("SELECT 1"))
    assert sockets_to(mariadb_wire.url)
    mariadb_wire.stall("down")
    await database.dispose()
    assert not sockets_to(mariadb_wire.url)


@WITH_AND_WITHOUT_TLS
@pytest.mark.parametrize(
    ("user", "more"),
    [("tester", {"init_command": "no SQL"}), ("tester", {"sql_mode": "none"}), ("nobody", {})],
    ids=["init_command", "sql_mode", "user"],
)
async def test_a_connection_that_fails_to_open_is_closed(
    user: str, more: dict[str, Any], connect_args: dict[str, Any], mariadb_url: str
) -> None:
    database = Database(make_url(mariadb_url).set(username=user), connect_args={**connect_args, **more})
    with pytest.raises(DBAPIError):
        await database.async_engine.connect().start()
    assert not sockets_to(mariadb_url)


@WITH_AND_WITHOUT_TLS
async def test_a_connection_whose_statement_was_cancelled_is_closed(
    connect_args: dict[str, Any], mariadb_wire: Network
) -> None:
    database = Database(mariadb_wire.url, connect_args=connect_args)
    connection = await database.async_engine.connect()
    await connection.execute(text("SELECT 1"))
    mariadb_wire.stall("down")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await connection.execute(text("SELECT 2"))
    await connection.close()
    assert not sockets_to(mariadb_wire.url)


async def test_a_connection_that_is_cancelled_in_the_middle_of_tls_is_closed(mariadb_url: str) -> None:
    async with greeting_of(make_url(mariadb_url)) as (url, asked_for_tls):
        database = Database(url)
        task = asyncio.ensure_future(database.async_engine.connect().start())
        await asked_for_tls.wait()
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        del task
        gc.collect()  # aiomysql warns of a connection that was not closed, and a warning is an error
        await until(lambda: not sockets_to(url))


async def test_a_connection_that_the_server_has_ended_is_closed_without_a_word(
    mariadb_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    database, administrator = Database(mariadb_url), Database(mariadb_url)
    async with database.async_unit_of_work() as session:
        ended = await session.scalar(text("SELECT connection_id()"))
    async with administrator.async_unit_of_work() as session:
        await session.execute(text(f"KILL {ended}"))
    await until(lambda: len([each for each in sockets_to(mariadb_url) if each.status == "ESTABLISHED"]) == 1)
    await administrator.dispose()
    await database.dispose()
    assert not sockets_to(mariadb_url)
    assert not caplog.records


@WITH_AND_WITHOUT_TLS
async def test_the_server_is_told_of_the_end(connect_args: dict[str, Any], mariadb_url: str) -> None:
    database, witness = Database(mariadb_url, connect_args=connect_args), Database(mariadb_url)
    async with witness.async_engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        aborted = await connection.scalar(ABORTED)
        async with database.async_unit_of_work() as session:
            number = await session.scalar(text("SELECT connection_id()"))
        await database.dispose()
        while await connection.scalar(CONNECTED, {"id": number}):  # noqa: ASYNC110  the server has no events to offer
            await asyncio.sleep(0.01)
        assert await connection.scalar(ABORTED) == aborted
    await witness.dispose()


@asynccontextmanager
async def greeting_of(server: URL) -> AsyncIterator[tuple[URL, asyncio.Event]]:
    """Greet one client as *server* does and say no more; yield a URL for it, and what is set when TLS is to begin."""
    asked_for_tls, over = asyncio.Event(), asyncio.Event()
    clients = asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]]()

    async def greet() -> None:
        reader, writer = await clients.get()
        from_server, to_server = await asyncio.open_connection(server.host, server.port)
        size = await from_server.readexactly(3)
        writer.write(size + await from_server.readexactly(1 + int.from_bytes(size, "little")))
        await reader.read(1)
        asked_for_tls.set()
        await over.wait()
        for each in (writer, to_server):
            each.close()
            await each.wait_closed()

    async with (
        asyncio.TaskGroup() as tasks,
        await asyncio.start_server(lambda *client: clients.put_nowait(client), "127.0.0.1", 0) as listener,
    ):
        tasks.create_task(greet())
        yield server.set(host="127.0.0.1", port=listener.sockets[0].getsockname()[1]), asked_for_tls
        over.set()
