"""A path that is checked reaches nothing but the database; everybody else reaches what they like."""

from __future__ import annotations

import asyncio
import os
import socket
import socketserver
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import uvloop
from anyio import connect_tcp, to_thread
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession  # noqa: TC002 - the signatures are read at run time
from sqlalchemy.orm import Session  # noqa: TC002 - as above

from bridge.errors import EgressBlocked
from bridge.shadow import CheckOptions, CheckSettings, Verdict, egress_guard
from tests.integration.shadow.reading import EAGER, Checked, checked
from tests.integration.shadow.writing import INSERT, create

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from tests.integration.server_side import ServerSide


class Answer(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        with suppress(ConnectionError):
            received: list[bytes] = self.server.received  # type: ignore[attr-defined]  # an attribute of this test's server
            received.append(self.request.recv(100))
            self.request.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")


@contextmanager
def listening() -> Iterator[tuple[int, list[bytes]]]:
    """Yield the port of a server that answers HTTP, and what it has received."""
    received: list[bytes] = []
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Answer) as server:
        server.received = received  # type: ignore[attr-defined]  # an attribute of this test's server
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        yield server.server_address[1], received
        server.shutdown()
        serving.join()


async def open_connection(port: int) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()
    await writer.wait_closed()


async def open_by_name(port: int) -> None:
    _, writer = await asyncio.open_connection("localhost", port)
    writer.close()
    await writer.wait_closed()


async def anyio_connection(port: int) -> None:
    await (await connect_tcp("localhost", port)).aclose()


async def httpx_request(port: int) -> None:
    async with httpx.AsyncClient() as client:
        await client.get(f"http://localhost:{port}/")


async def loop_socket(port: int) -> None:
    with socket.socket() as sock:
        sock.settimeout(0)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))


async def thread(port: int) -> None:
    (await asyncio.to_thread(socket.create_connection, ("localhost", port))).close()


async def worker(port: int) -> None:
    (await to_thread.run_sync(socket.create_connection, ("127.0.0.1", port))).close()


async def connect_ex(port: int) -> None:
    def connect() -> None:
        with socket.socket() as sock:
            sock.connect_ex(("127.0.0.1", port))

    await asyncio.to_thread(connect)


async def datagrams(port: int) -> None:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        asyncio.DatagramProtocol, remote_addr=("127.0.0.1", port)
    )
    transport.close()


async def send_to(port: int) -> None:
    def send() -> None:
        with socket.socket(type=socket.SOCK_DGRAM) as sock:
            sock.sendto(b"x", ("127.0.0.1", port))

    await asyncio.to_thread(send)


async def child_task(port: int) -> None:
    await asyncio.create_task(open_connection(port))


REACHES = [
    open_connection, open_by_name, anyio_connection, httpx_request, loop_socket, thread, worker, connect_ex, datagrams,
    send_to, child_task,
]  # fmt: skip


async def program(_port: int) -> None:
    await (await asyncio.create_subprocess_exec("true")).wait()


async def shell(_port: int) -> None:
    await (await asyncio.create_subprocess_shell("true")).wait()


async def blocking_program(_port: int) -> None:
    await asyncio.to_thread(subprocess.run, ["true"], check=True)


async def system(_port: int) -> None:
    await asyncio.to_thread(os.system, "true")


PROCESSES = [program, shell, blocking_program, system]


def on_loop(loop: str, test: Callable[[], Awaitable[None]]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if loop == "uvloop" else None) as runner:
        runner.run(test())  # type: ignore[arg-type]  # an async test, called by hand


LOOPS = pytest.mark.parametrize("loop", ["asyncio", "uvloop"])


@LOOPS
@pytest.mark.parametrize("reach", [*REACHES, *PROCESSES])
def test_what_is_not_allowed_is_blocked_and_named(reach: Callable[[int], Awaitable[None]], loop: str) -> None:
    async def test() -> None:
        with listening() as (port, received):
            with egress_guard(["db.internal:5432"]) as egress, pytest.raises(EgressBlocked):
                await reach(port)
            (blocked,) = set(egress.blocked)
            assert blocked in {f"127.0.0.1:{port}", f"localhost:{port}"} or blocked.startswith("another process")
            assert received == []
            await reach(port)  # outside of the guard

    on_loop(loop, test)


@LOOPS
@pytest.mark.parametrize("reach", REACHES)
@pytest.mark.parametrize("allowed", ["{host}", "{host}:{port}"])
def test_what_is_allowed_is_reached(reach: Callable[[int], Awaitable[None]], allowed: str, loop: str) -> None:
    async def test() -> None:
        with listening() as (port, _):
            names = ["localhost"] if reach in {open_by_name, anyio_connection, httpx_request, thread} else ["127.0.0.1"]
            with egress_guard([allowed.format(host=name, port=port) for name in names]) as egress:
                await reach(port)
            assert egress.blocked == []

    on_loop(loop, test)


@LOOPS
def test_another_port_of_an_allowed_host_is_blocked(loop: str) -> None:
    async def test() -> None:
        with listening() as (port, _):
            for reach in (open_connection, open_by_name, thread):
                with egress_guard(["127.0.0.1:1", "localhost:1"]), pytest.raises(EgressBlocked):
                    await reach(port)

    on_loop(loop, test)


@LOOPS
def test_other_tasks_of_the_process_are_left_alone(loop: str) -> None:
    async def test() -> None:
        with listening() as (port, _):
            guarded, go_on = asyncio.Event(), asyncio.Event()

            async def other() -> None:
                await guarded.wait()
                await open_connection(port)
                go_on.set()

            ordinary = asyncio.create_task(other())
            with egress_guard() as egress:
                guarded.set()
                await go_on.wait()
            await ordinary
            assert egress.blocked == []

    on_loop(loop, test)


@LOOPS
def test_unix_sockets_are_judged_by_their_path(loop: str, tmp_path: Any) -> None:
    async def test() -> None:
        path = str(tmp_path / "s")
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path)
            server.listen()
            with egress_guard(), pytest.raises(EgressBlocked):
                await asyncio.open_unix_connection(path)
            with egress_guard([path]):
                _, writer = await asyncio.open_unix_connection(path)
            writer.close()
            await writer.wait_closed()

    on_loop(loop, test)


@pytest.mark.parametrize("method", ["post", "get"])
async def test_a_candidate_that_reaches_out_is_reported_and_the_control_is_not_kept_from_it(
    method: str, database_url: str, server: ServerSide
) -> None:
    await asyncio.to_thread(create, server)

    with listening() as (port, received):

        async def native(session: AsyncSession, title: str) -> dict[str, Any]:
            await httpx_request(port)
            return {}

        def legacy(session: Session, title: str) -> dict[str, Any]:
            return {}

        def declare(migration: Checked) -> object:
            check = CheckOptions(writes=True)
            return getattr(migration.router, method)("/notes/{title}", legacy=legacy, check=check)(native)

        async with checked(database_url, declare) as (migration, client):
            assert (await getattr(client, method)("/notes/a")).status_code == 200
            check = await migration.only()
    assert check.verdict is Verdict.MISMATCHED
    assert [each.candidate for each in check.differences if each.rule == "egress.blocked"] == [f"localhost:{port}"]
    assert received == []


async def test_an_allowed_host_is_reached_by_a_candidate(database_url: str, server: ServerSide) -> None:
    await asyncio.to_thread(create, server)

    async def native(session: AsyncSession, title: str) -> dict[str, Any]:
        await session.execute(INSERT, {"title": title, "stock": 1})
        await open_connection(port)
        return {}

    def legacy(session: Session, title: str) -> dict[str, Any]:
        session.execute(text("SELECT 1"))
        return {}

    def declare(migration: Checked) -> object:
        return migration.router.post("/notes/{title}", legacy=legacy, check=CheckOptions(writes=True))(native)

    with listening() as (port, _):
        settings = CheckSettings(busy_above=EAGER.busy_above, per_second=1e6, allowed_hosts=(f"127.0.0.1:{port}",))
        async with checked(database_url, declare, settings=settings) as (migration, client):
            await client.post("/notes/a")
            check = await migration.only()
    assert "egress.blocked" not in {each.rule for each in check.differences}


def test_the_hook_is_installed_by_the_first_guard_only() -> None:
    code = (
        "import sys; seen = []; real = sys.addaudithook; sys.addaudithook = lambda hook: (seen.append(hook), real(hook))\n"
        "import bridge\nfrom bridge.shadow import egress_guard\nassert not seen\n"
        "for _ in range(3):\n    with egress_guard(): pass\nassert len(seen) == 1"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
