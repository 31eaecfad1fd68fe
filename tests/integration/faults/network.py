"""A network between the application and its database that can stop forwarding, in a process of its own."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from sqlalchemy import make_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import URL

BLOCK_BYTES = 65_536
# A process that a fault has frozen cannot end the fault, nor its own test.
LONGEST_STALL_S = 15.0


class Network:
    """Forwards connections; in a process of its own, because a fault may freeze this one."""

    def __init__(self, url: URL, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._stdin, self._stdout = _pipe(process.stdin), _pipe(process.stdout)
        port = int(self._stdout.readline())
        self.url = url.set(host="127.0.0.1", port=port, query={}).render_as_string(hide_password=False)

    def _tell(self, command: str) -> None:
        self._stdin.write(f"{command}\n")
        self._stdin.flush()
        assert self._stdout.readline() == f"{command}\n"

    def stall(self, direction: str = "both") -> None:
        """
        Hold everything back, for a while.

        *direction* is ``up`` (to the server), ``down``, ``both``, or ``existing``: up, but only on connections there are now.
        """
        self._tell(direction)

    def flow(self) -> None:
        """Forward what has been held back, and whatever comes."""
        self._tell("flow")


@contextmanager
def network(database_url: str) -> Iterator[Network]:
    """Put a network in front of the server of *database_url* until the block ends."""
    url = make_url(database_url)
    directory = str(url.query.get("host") or url.host)
    port = url.port or 5432
    upstream = f"{directory}/.s.PGSQL.{port}" if directory.startswith("/") else f"{directory}:{port}"
    command = [sys.executable, str(Path(__file__)), upstream]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Network(url, process)
        finally:
            process.kill()


def _pipe(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


class Gates:
    """What is closed holds its direction back."""

    def __init__(self) -> None:
        self.up, self.down, self.existing = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._all = [self.up, self.down, self.existing]
        self.open()

    def open(self) -> None:
        for each in self._all:
            each.set()

    def close(self, what: str) -> None:
        if what in {"up", "both"}:
            self.up.clear()
        if what in {"down", "both"}:
            self.down.clear()
        if what == "existing":
            self.existing.clear()
            self.existing = asyncio.Event()  # of those that come later
            self.existing.set()
            self._all.append(self.existing)


async def forward(upstream: str, commands: asyncio.StreamReader) -> None:
    gates = Gates()
    host, _, port = upstream.rpartition(":")

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up, existing, down = gates.up, gates.existing, gates.down
        try:
            there = await (asyncio.open_connection(host, int(port)) if host else asyncio.open_unix_connection(upstream))
        except OSError:
            writer.close()
            return
        await asyncio.gather(pump(reader, there[1], up, existing), pump(there[0], writer, down))

    server = await asyncio.start_server(connect, "127.0.0.1", 0)
    say(str(server.sockets[0].getsockname()[1]))
    while command := (await commands.readline()).decode().strip():
        gates.open()
        gates.close(command)
        asyncio.get_running_loop().call_later(LONGEST_STALL_S, gates.open)
        say(command)


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *gates: asyncio.Event) -> None:
    try:
        more = True
        while more:
            block = await reader.read(BLOCK_BYTES)
            more = bool(block)
            for gate in gates:
                await gate.wait()
            writer.write(block)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def main(upstream: str) -> None:
    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    await forward(upstream, commands)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
