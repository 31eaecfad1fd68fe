"""
What it costs to decide which side serves a request: the stage, a sticky key, and a look for an override.

``python -m benchmarks.stages`` prints the table and writes ``benchmarks/results/stages.json``. A thousand operations are declared, of
which each tenth has a setting of its own and the rest a pattern's; the request has ten headers. Nothing but the decision is measured.
"""

from __future__ import annotations

import argparse
import time
from statistics import median
from typing import TYPE_CHECKING, Any

from flask import Flask, session
from rich.console import Console
from rich.progress import track

from benchmarks.results import save
from benchmarks.tables import show
from bridge import StageOverride, Stages, by_client_address, by_cookie, by_first_of, by_header, by_session

if TYPE_CHECKING:
    from bridge import CallerKey
    from bridge.types import Scope

OPERATIONS = 1000
DECISIONS_PER_ROUND = 5000
CALLERS = 200
SECRET = "a secret for benchmarks"  # noqa: S105 - it guards nothing
# By client address, as it is unless somebody says otherwise.
KEYS = ("client address", "header", "cookie", "Flask session", "session, then address")


def flask_application() -> Flask:
    """Return an application whose session knows a user."""
    app = Flask("benchmark")
    app.secret_key = SECRET

    @app.get("/login/<int:user>")
    def login(user: int) -> str:
        session["user_id"] = user
        return ""

    return app


def scopes_of(app: Flask, override: str | None) -> list[Scope]:
    """Return a request of each caller; with a token where there is to be one."""
    client = app.test_client()
    scopes: list[Scope] = []
    for caller in range(CALLERS):
        cookie = client.get(f"/login/{caller}").headers["Set-Cookie"].partition(";")[0]
        headers = [(f"x-header-{number}".encode(), b"value") for number in range(7)]
        headers += [(b"x-user", str(caller).encode()), (b"cookie", f"theme=dark; visitor={caller}; {cookie}".encode())]
        headers.append((b"bridge-override", override.encode()) if override else (b"accept", b"*/*"))
        scopes.append({"type": "http", "headers": headers, "client": (f"10.0.0.{caller}", 5000)})
    return scopes


def key_of(name: str, app: Flask) -> CallerKey:
    """Return the key that a row is about."""
    by_user = by_session(app, "user_id")
    keys = (
        by_client_address,
        by_header("X-User"),
        by_cookie("visitor"),
        by_user,
        by_first_of(by_user, by_client_address),
    )
    return dict(zip(KEYS, keys, strict=True))[name]


def microseconds(stages: Stages, scopes: list[Scope]) -> float:
    """Return the CPU time of one decision, in microseconds: it waits for nothing, and others may use the machine."""
    requests = [(f"GET /area{n % OPERATIONS}", scopes[n % CALLERS]) for n in range(DECISIONS_PER_ROUND)]
    decide = stages.decide
    started = time.thread_time()
    for operation, scope in requests:
        decide(operation, scope)
    return (time.thread_time() - started) / DECISIONS_PER_ROUND * 1e6


def compare(setting: str, key: str, override: str, rounds: int) -> dict[str, Any]:
    """Measure one row, and return the median."""
    app = flask_application()
    tester = StageOverride(SECRET)
    settings = {f"GET /area{number}": setting for number in range(0, OPERATIONS, 10)}
    stages = Stages(
        {**settings, "GET /*": setting}, sticky_by=key_of(key, app), override=None if override == "off" else tester
    )
    for number in range(OPERATIONS):
        stages.declare(f"GET /area{number}", ported=True)
    scopes = scopes_of(app, tester.token("*", side="native") if override == "used" else None)
    microseconds(stages, scopes)
    return {
        "setting": setting,
        "key": key,
        "override": override,
        "decision_us": round(median(microseconds(stages, scopes) for _ in range(rounds)), 2),
    }


def main() -> None:
    """Measure every row and save them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stages", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="rounds for each row (default 15)")
    rounds = parser.parse_args().rounds
    rows = [("shadow", KEYS[0], "off"), ("shadow", KEYS[0], "on")]
    rows += [("canary 50 %", key, "off") for key in KEYS]
    rows += [("canary 50 %", KEYS[-1], "on"), ("canary 50 %", KEYS[-1], "used")]
    results = [compare(*row, rounds) for row in track(rows, "Measuring")]
    save("stages", results)
    show("stages", Console())


if __name__ == "__main__":
    main()
