"""What is wrong is said when the application starts, and says what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
from anyio import to_thread

from async_app.__main__ import main
from async_app.app import compose
from bridge import InvalidDatabaseURL, InvalidPoolSize, UnknownStage
from tests.conftest import ROOT, SECRET_KEY, settings_for
from tests.integration.server_side import ServerSide, until

PASSWORD = "hunter2-s3cret"
# Nothing listens on port 1 of this machine.
UNREACHABLE = f"postgresql://someone:{PASSWORD}@127.0.0.1:1/name"


class Lifespan:
    """Plays the server's part in the lifespan of an ASGI application."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._events = iter(["lifespan.startup", "lifespan.shutdown"])
        self.sent: list[dict[str, Any]] = []

    async def _receive(self) -> dict[str, Any]:
        return {"type": next(self._events)}

    async def _send(self, message: Any) -> None:
        self.sent.append(message)

    async def run(self) -> None:
        await self._app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, self._receive, self._send)


@pytest.mark.parametrize(
    ("stages", "said"),
    [
        ({"GET /userz": "native"}, "no route declares the operation 'GET /userz': did you mean 'GET /users'"),
        ({"GET /posts/{post_id}": "native"}, "'GET /posts/{post_id}' has no native port"),
    ],
)
async def test_a_setting_that_fits_no_operation_fails_the_start(
    stages: dict[str, str], said: str, database_url: str
) -> None:
    settings = replace(settings_for("bridged", database_url), stages=stages)
    lifespan = Lifespan((await to_thread.run_sync(compose, settings)).app)
    with pytest.raises(Exception, match=r"operation|no native port"):
        await lifespan.run()
    assert lifespan.sent[0]["type"] == "lifespan.startup.failed"
    assert said in lifespan.sent[0]["message"]


async def test_an_unreachable_database_fails_the_start() -> None:
    lifespan = Lifespan((await to_thread.run_sync(compose, settings_for("bridged", UNREACHABLE))).app)
    with pytest.raises(Exception, match="cannot connect"):
        await lifespan.run()
    assert lifespan.sent[0]["type"] == "lifespan.startup.failed"
    assert "cannot connect to postgresql+psycopg2://someone:***@127.0.0.1:1/name" in lifespan.sent[0]["message"]
    assert PASSWORD not in lifespan.sent[0]["message"]


async def test_the_application_starts_and_closes_every_connection(database_url: str, server: ServerSide) -> None:
    lifespan = Lifespan((await to_thread.run_sync(compose, settings_for("native", database_url))).app)
    await lifespan.run()
    assert [message["type"] for message in lifespan.sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    await until(lambda: not server.connections())


def test_settings_that_can_be_checked_before_connecting_are() -> None:
    good = settings_for("bridged", UNREACHABLE)
    compose(good)
    with pytest.raises(UnknownStage):
        compose(replace(good, default_stage="nativ"))
    with pytest.raises(UnknownStage):
        compose(replace(good, stages={"GET /users": "fast"}))
    with pytest.raises(InvalidDatabaseURL):
        compose(replace(good, database_url=None))
    with pytest.raises(InvalidPoolSize):
        replace(good.pool, size=0)


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({}, ["cannot connect to postgresql+psycopg2://someone:***@127.0.0.1:1/name", "Check that the server runs"]),
        ({"POOL_SIZE": "0"}, ["pool size 0 with overflow 10 cannot serve a request", "at least 1"]),
    ],
    ids=["unreachable", "pool-of-0"],
)
def test_serving_with_wrong_settings_exits_with_2_and_says_why(environ: dict[str, str], said: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "async_app", "serve", "--port", "0"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": UNREACHABLE, "SECRET_KEY": SECRET_KEY, "COLUMNS": "500", **environ},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert_refused(done.returncode, done.stdout + done.stderr, said)


@pytest.mark.parametrize(
    ("environ", "options", "said"),
    [
        ({}, ["--stage", "nativ"], ["'nativ' is not a stage", "legacy, shadow, canary, verify, native"]),
        ({"BRIDGE_STAGES": "GET /users"}, [], ["write each as 'METHOD /path=stage'"]),
        ({"DATABASE_URL": f"oracle://someone:{PASSWORD}@host/name"}, [], ["'oracle' has no pair of drivers"]),
        ({"DATABASE_URL": f"postgresql://someone:{PASSWORD}@host:port/name"}, [], ["cannot be parsed", "write it as"]),
    ],
    ids=["unknown-stage", "malformed-stages", "unknown-database", "malformed-url"],
)
def test_the_command_refuses_settings_that_cannot_work(
    environ: dict[str, str],
    options: list[str],
    said: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in {"DATABASE_URL": UNREACHABLE, "SECRET_KEY": SECRET_KEY, "COLUMNS": "500", **environ}.items():
        monkeypatch.setenv(name, value)
    code = main(["serve", *options])
    assert_refused(code, "".join(capsys.readouterr()), said)


def assert_refused(code: int, output: str, said: list[str]) -> None:
    assert code == 2, output
    for part in said:
        assert part in output
    assert PASSWORD not in output
    assert "Traceback" not in output
