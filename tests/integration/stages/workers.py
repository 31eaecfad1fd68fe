"""Workers in process groups of their own, each of which can be asked by itself."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import httpx

from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["addresses", "one_client_for_each_worker"]

WORKERS_PER_GROUP = 2
# Machines are slow when everything starts at once.
PATIENCE_S = 60.0


@contextlib.contextmanager
def addresses(groups: int, **environment: str) -> Iterator[list[str]]:
    """Run that many uvicorn servers of two workers each until the block ends, and yield where they answer."""
    processes: list[subprocess.Popen[bytes]] = []
    found = []
    try:
        for _ in range(groups):
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
            command = [
                sys.executable,
                "-m",
                "uvicorn",
                "tests.integration.stages.workers_application:create",
                "--factory",
            ]
            options = ["--workers", str(WORKERS_PER_GROUP), "--port", str(port), "--timeout-keep-alive", "120", "--log-level", "warning"]  # fmt: skip
            processes.append(
                subprocess.Popen([*command, *options], cwd=ROOT, env=os.environ | environment, start_new_session=True)
            )
            found.append(f"http://127.0.0.1:{port}")
        yield found
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


async def one_client_for_each_worker(address: str, opened: contextlib.AsyncExitStack) -> list[httpx.AsyncClient]:
    """Connect until every worker has accepted a connection; a connection stays with its worker."""
    found: dict[int, httpx.AsyncClient] = {}
    deadline = time.monotonic() + PATIENCE_S
    while len(found) < WORKERS_PER_GROUP:
        assert time.monotonic() < deadline, f"{len(found)} workers answer at {address}"
        client = httpx.AsyncClient(base_url=address, limits=httpx.Limits(max_connections=1), timeout=20)
        try:
            pid = (await client.get("/worker")).json()["pid"]
        except httpx.TransportError:  # it has not started: another process, with no event to wait for
            await client.aclose()
            await asyncio.sleep(0.05)
            continue
        if pid in found:
            await client.aclose()
        else:
            found[pid] = client
            opened.push_async_callback(client.aclose)
    return list(found.values())
