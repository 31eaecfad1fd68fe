"""
What the facade costs: a trivial FastAPI route with it and without it, and the resolution alone, for a growing number of routes.

``python -m benchmarks.routing`` prints the table and writes ``benchmarks/results/routing.json``. No sockets and no threads: the ASGI
application is called directly, so that nothing but routing is measured.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import time
from statistics import median
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, FastAPI
from flask import Flask
from rich.console import Console
from rich.progress import track

from benchmarks.results import save
from benchmarks.tables import show
from bridge import Bridge, Database
from bridge.routing.fastapi_routes import fastapi_routes
from bridge.routing.pairing import pair
from bridge.routing.resolver import Resolver

if TYPE_CHECKING:
    from bridge.types import ASGIApp, Message, Scope

REQUESTS_PER_ROUND = 500


def flask_application(rules: int) -> Flask:
    """Return a Flask application with as many rules, each of them ported."""
    app = Flask("benchmark")
    for number in range(rules):
        app.add_url_rule(f"/area{number}/<int:item>", f"view{number}", str)
    return app


def fastapi_application(rules: int) -> FastAPI:
    """Return a FastAPI application with the same routes; the one that is asked for comes first."""
    app = FastAPI()
    router = APIRouter()

    async def endpoint(item: int) -> int:
        return item

    for number in range(rules):
        router.add_api_route(f"/area{number}/{{item}}", endpoint, methods=["GET"])
    app.include_router(router)
    return app


def applications(rules: int) -> tuple[ASGIApp, ASGIApp, Resolver]:
    """Return the FastAPI application alone, the same one behind the facade, and what resolves its requests."""
    plain, fronted = fastapi_application(rules), fastapi_application(rules)
    bridge = Bridge(database=Database("sqlite:///unused.db"), legacy=flask_application(rules))
    bridge.install(fronted)
    return plain, fronted, Resolver(bridge.legacy, pair(bridge.legacy, fastapi_routes(fronted, bridge.operations)))


async def microseconds(app: ASGIApp) -> float:
    """Return the time of one request, in microseconds."""
    messages: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        messages.append(message)

    scopes = [_scope(number) for number in range(REQUESTS_PER_ROUND)]
    started = time.perf_counter()
    for scope in scopes:
        await app(scope, receive, send)
    elapsed = time.perf_counter() - started
    if any(message.get("status", 200) != 200 for message in messages):
        raise RuntimeError("a request failed: the numbers would mean nothing")
    return elapsed / REQUESTS_PER_ROUND * 1e6


def _scope(number: int) -> Scope:
    path = f"/area0/{number}"
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }


def resolution_microseconds(resolver: Resolver) -> float:
    """Return the time of one resolution, in microseconds."""
    scopes = [_scope(number) for number in range(REQUESTS_PER_ROUND)]
    started = time.perf_counter()
    for scope in scopes:
        resolver.resolve(scope)
    return (time.perf_counter() - started) / REQUESTS_PER_ROUND * 1e6


async def compare(rules: int, rounds: int) -> dict[str, Any]:
    """Measure in turn and return the medians, in microseconds, and the shares of FastAPI's own time."""
    plain, fronted, resolver = applications(rules)
    await microseconds(plain)
    await microseconds(fronted)
    measured = [
        (await microseconds(plain), await microseconds(fronted), resolution_microseconds(resolver))
        for _ in range(rounds)
    ]
    return {
        "routes": rules,
        "fastapi_us": round(median(alone for alone, _, _ in measured), 1),
        "resolution_us": round(median(resolution for _, _, resolution in measured), 1),
        "resolution_share": round(median(resolution / alone for alone, _, resolution in measured), 3),
        "facade_us": round(median(behind - alone for alone, behind, _ in measured), 1),
        "facade_share": round(median(behind / alone - 1 for alone, behind, _ in measured), 3),
    }


def main() -> None:
    """Run the comparison and save it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.routing", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="rounds per number of routes (default 15)")
    rounds = parser.parse_args().rounds
    logging.getLogger("bridge").setLevel(
        logging.ERROR
    )  # it warns that nobody has started it, which is as it should be here
    results = [asyncio.run(compare(rules, rounds)) for rules in track((1, 10, 100, 1000), "Measuring")]
    save("routing", results)
    show("routing", Console())


if __name__ == "__main__":
    main()
