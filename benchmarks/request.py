"""
Where the processor time of one request goes. ``python -m benchmarks.request [ROUNDS]``.

`GET /users/3`, the get by key of ``benchmarks.endpoints``, taken apart: each step holds what it adds to an earlier one. All run in one
process, one request at a time, in turns; of the CPU time of the process the least of all rounds counts. Results go to
``benchmarks/results/request.json``.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from fastapi import FastAPI, Response
from rich.console import Console
from rich.progress import track

from async_app.local import fill_if_empty, local_server_url
from async_app.schemas import UserRead
from benchmarks import endpoints_application as served
from benchmarks.results import save
from benchmarks.tables import show
from bridge import Capacity, offload
from bridge.routing.output import Output
from bridge.routing.render import Renderer
from bridge.testing import TemplateDatabase

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlalchemy.orm import Session, sessionmaker

    from bridge.types import ASGIApp, Message

CALLS: Final = 25
SCOPE: Final[dict[str, Any]] = {
    "type": "http",
    "asgi": {"version": "3.0"},
    "http_version": "1.1",
    "method": "GET",
    "path": "/users/3",
    "raw_path": b"/users/3",
    "query_string": b"",
    "root_path": "",
    "headers": [(b"host", b"localhost")],
    "scheme": "http",
    "server": ("localhost", 80),
    "client": ("localhost", 1),
}


async def request(app: ASGIApp) -> None:
    """Send one request to *app*, without a server."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(dict(SCOPE), receive, send)
    if sent[0]["status"] != 200:
        msg = f"the application answered {sent[0]['status']}"
        raise SystemExit(msg)


def bare() -> FastAPI:
    """Return a route that does nothing."""
    app = FastAPI()

    @app.get("/users/{user_id}")
    async def get(user_id: int) -> Response:
        return Response(b"%d" % user_id)

    return app


def steps() -> dict[str, Callable[[], Awaitable[object]]]:
    """Return what is measured, by name; what is synchronous runs on the event loop's thread unless it says otherwise."""
    database, plain, capacity = served.database(), served.original_sessions(), Capacity(served.CONNECTIONS)
    renderer = Renderer(source="GET /users/{user_id}", output=Output(response_model=UserRead))

    def unit(*, read_only: bool = False, used: bool = True) -> object:
        with database.unit_of_work(read_only=read_only) as session:
            return renderer.render(served.get_user(session, 3)) if used else None

    def plain_unit(sessions: sessionmaker[Session]) -> object:
        with sessions() as session, session.begin():
            return renderer.render(served.get_user(session, 3))

    with database.unit_of_work() as session:
        user = served.get_user(session, 3)
        session.expunge(user)

    def inline(fn: Callable[[], object]) -> Callable[[], Awaitable[object]]:
        async def run() -> object:
            return fn()

        return run

    return {
        "response model and JSON": inline(partial(renderer.render, user)),
        "session that is not used": inline(partial(unit, used=False)),
        "query, on an engine as the existing application's": inline(partial(plain_unit, plain)),
        "query, on Database's engine": inline(unit),
        "query, read-only": inline(partial(unit, read_only=True)),
        "query, offloaded": partial(offload, unit, capacity=capacity),
        "FastAPI route that does nothing": partial(request, bare()),
        "bridged route": partial(request, served.bridged()),
        "bridged route, read-only": partial(request, served.bridged_read_only()),
        "native route": partial(request, served.native()),
        "native route behind the facade": partial(request, served.native_behind_facade()),
        "FastAPI async def + yield session": partial(request, served.fastapi_async()),
        "hand-written anyio.to_thread": partial(request, served.hand_written()),
        "FastAPI def + yield session": partial(request, served.fastapi_def()),
    }


async def measure(rounds: int) -> list[dict[str, Any]]:
    """Return the least CPU time of each step in µs."""
    measured = steps()
    least = dict.fromkeys(measured, float("inf"))
    for _ in track(range(rounds), "one request at a time"):
        for name, run in measured.items():
            started = time.process_time()
            for _ in range(CALLS):
                await run()
            least[name] = min(least[name], (time.process_time() - started) / CALLS * 1e6)
    return [{"step": name, "cpu_us": round(cpu_us, 1)} for name, cpu_us in least.items()]


def main() -> None:
    """Run the measurement and save it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.request", description=__doc__)
    parser.add_argument("rounds", type=int, nargs="?", default=40, help="rounds (default 40)")
    rounds = parser.parse_args().rounds
    console = Console()
    with ExitStack() as stack:
        server_url = stack.enter_context(local_server_url(console))
        template = TemplateDatabase(server_url, lambda engine: fill_if_empty(engine, console, users=200, posts=500))
        stack.callback(template.drop)
        os.environ["BENCHMARK_DATABASE_URL"] = stack.enter_context(template.clone())
        rows = asyncio.run(measure(rounds))
    save("request", rows)
    show("request", console)


if __name__ == "__main__":
    main()
