"""
What checks cost the callers: the same reads at stage legacy and at stage shadow, each read checked.

``python -m benchmarks.shadow`` prints the table and writes ``benchmarks/results/shadow.json``. Two servers take turns, round by round:
at 30 % of the peak with requests that come at random, and at saturation from 32 connections.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import time
from collections import Counter
from contextlib import ExitStack
from statistics import median
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import httpx
from rich.console import Console
from rich.progress import track

from async_app.local import fill_if_empty, local_server_url
from benchmarks.endpoints_application import CONNECTIONS
from benchmarks.lag import percentile_ms
from benchmarks.results import save
from benchmarks.servers import Server, require_wrk, serving
from benchmarks.tables import show
from bridge.testing import TemplateDatabase

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVERS: Final = {"not checked": "unchecked", "each read checked": "checked"}
READ: Final = "/users/3"
SHARE_OF_PEAK: Final = 0.3
CLIENTS: Final = 32
SATURATED_ROUNDS: Final = 9


class Client:
    """A connection that sends one request at a time."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._host, self._port = parts.hostname, parts.port
        self._request = f"GET {READ} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self) -> None:
        """Send the request and read the answer."""
        if self._streams is None or self._streams[0].at_eof():  # the server closes connections that are idle for 5 s
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        writer.write(self._request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if b" 200 " not in head:
            msg = f"a read was not answered: {head!r}"
            raise SystemExit(msg)
        length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
        await reader.readexactly(length)

    def close(self) -> None:
        """Close the connection."""
        if self._streams is not None:
            self._streams[1].close()


async def latencies_s(address: str, rate: float, seconds: float) -> list[float]:
    """Send reads at random moments, *rate* of them in a second on average, and return how long each took, in seconds."""
    idle, taken = [Client(address) for _ in range(CLIENTS)], list[float]()
    chance = random.Random(7)  # noqa: S311 - the same moments each time
    loop = asyncio.get_running_loop()

    async def ask(due: float) -> None:
        await asyncio.sleep(due - loop.time())
        began_at = time.perf_counter()
        client = idle.pop() if idle else Client(address)
        await client.get()
        idle.append(client)
        taken.append(time.perf_counter() - began_at)

    at, asked = loop.time(), []
    end = at + seconds
    while (at := at + chance.expovariate(rate)) < end:
        asked.append(ask(at))
    await asyncio.gather(*asked)
    for client in idle:
        client.close()
    return taken


def checked(server: Server) -> Counter[str]:
    """Return how many reads the server has checked, by verdict."""
    return Counter(httpx.get(f"{server.address}/checks").json())


def in_turns(servers: dict[str, Server], rounds: int, what: str) -> Iterator[tuple[str, Server]]:
    """Yield each server once a round, and another one first each time."""
    for number in track(range(rounds), what):
        turns = list(servers.items())
        yield from turns if number % 2 else reversed(turns)


def at_a_third(servers: dict[str, Server], peak: float, rounds: int, seconds: float) -> list[dict[str, Any]]:
    """Return the latencies at 30 % of the *peak*."""
    taken: dict[str, list[list[float]]] = {name: [] for name in servers}
    before = checked(servers["each read checked"])
    for name, server in in_turns(servers, rounds, "30 % of the peak"):
        taken[name].append(asyncio.run(latencies_s(server.address, peak * SHARE_OF_PEAK, seconds)))
    verdicts = checked(servers["each read checked"]) - before
    rows = []
    for name, by_round in taken.items():
        row: dict[str, Any] = {"load": "30 % of the peak", "server": name}
        for rank in (50, 99):
            row[f"p{rank}_ms"] = round(median(percentile_ms(each, rank) for each in by_round), 2)
            ratios = [
                percentile_ms(own, rank) / percentile_ms(base, rank)
                for own, base in zip(by_round, taken["not checked"], strict=True)
            ]
            row[f"p{rank}_ratio"] = round(median(ratios), 2)
        rows.append(row)
    rows[1]["checked_share"] = round(verdicts.total() / sum(map(len, taken["each read checked"])), 2)
    rows[1]["mismatched"] = verdicts["mismatched"]
    return rows


def at_saturation(servers: dict[str, Server], rounds: int, seconds: int) -> list[dict[str, Any]]:
    """Return the throughput from 32 connections."""
    rates: dict[str, list[float]] = {name: [] for name in servers}
    for name, server in in_turns(servers, rounds, "saturation"):
        loaded = server.load(READ, connections=CLIENTS, seconds=seconds)
        if loaded is None:
            raise SystemExit("a read was answered with an error")
        rates[name].append(loaded[0])
    rows = []
    for name, own in rates.items():
        ratios = [mine / base for mine, base in zip(own, rates["not checked"], strict=True)]
        rows.append(
            {
                "load": "saturation",
                "server": name,
                "requests_per_second": round(median(own), 1),
                "rate_ratio": round(median(ratios), 2),
            }
        )
    return rows


def main() -> None:
    """Run the comparison and save it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shadow", description=__doc__)
    parser.add_argument("--rounds", type=int, default=40, help="rounds at 30 %% of the peak (default 40)")
    parser.add_argument("--seconds", type=int, default=2, help="load per server and round, in seconds (default 2)")
    arguments = parser.parse_args()
    require_wrk()
    console = Console()
    with ExitStack() as stack:
        server_url = stack.enter_context(local_server_url(console))
        template = TemplateDatabase(server_url, lambda engine: fill_if_empty(engine, console, users=200, posts=500))
        stack.callback(template.drop)
        environ = {**os.environ, "BENCHMARK_DATABASE_URL": stack.enter_context(template.clone())}
        servers = {
            name: stack.enter_context(
                serving("uvicorn", f"benchmarks.shadow_application:{factory}", environ, probe=READ, threads=CONNECTIONS)
            )
            for name, factory in SERVERS.items()
        }
        rows = at_saturation(servers, SATURATED_ROUNDS, arguments.seconds)
        peak = rows[0]["requests_per_second"]
        rows = at_a_third(servers, peak, arguments.rounds, arguments.seconds) + rows
    save("shadow", rows, peak=peak)
    show("shadow", console)


if __name__ == "__main__":
    main()
