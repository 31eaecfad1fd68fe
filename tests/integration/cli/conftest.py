"""The command ``bridge`` beside an application that runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from async_app.demo.application import DATABASE_URL, OPERATION, PLANTED_BUG
from bridge.cli import main

APP = "async_app.demo.application:create"
Command = Callable[..., Result]

__all__ = ["APP", "OPERATION", "Command", "printed_json"]


@pytest.fixture
def environ(database_url: str) -> dict[str, str]:
    """Return what a process needs to build the application."""
    return {DATABASE_URL: database_url, PLANTED_BUG: ""}


@pytest.fixture
def command(environ: dict[str, str]) -> Command:
    """Return what runs the command in this process, its tables made."""

    def run(*words: str, app: str = APP) -> Result:
        return CliRunner(env={**environ, "COLUMNS": "200"}).invoke(main, ["--app", app, *words])

    made = run("create-tables")
    assert made.exit_code == 0, made.output
    return run


def printed_json(result: Result) -> Any:
    """Return the JSON that a command printed."""
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)
