"""Command line: ``python -m async_app serve``."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import uvicorn
from rich.console import Console
from rich.markup import escape

from async_app.app import compose
from async_app.local import fill_if_empty, local_server_url
from async_app.settings import Settings
from bridge import ConfigurationError, Database

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status: 0 done, 2 wrong usage or configuration."""
    arguments = _parser().parse_args(argv)
    console = Console()
    try:
        with local_server_url(console) as url:
            _serve(url, arguments, console)
    except ConfigurationError as error:
        console.print(f"[red]configuration error:[/red] {escape(str(error))}", highlight=False)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m async_app",
        description="The Flask application behind FastAPI. Reads DATABASE_URL, SECRET_KEY, POOL_SIZE, POOL_OVERFLOW, "
        "BRIDGE_STAGES, BRIDGE_DEFAULT_STAGE and BRIDGE_SHARED; without DATABASE_URL it runs a PostgreSQL server of its own.",
    )
    serve = parser.add_subparsers(dest="command", required=True).add_parser("serve", help="run the server")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8000)
    serve.add_argument(
        "--stage", help="stage of the ported operations: legacy (default), shadow, 'canary 5 %%', verify or native"
    )
    serve.add_argument("--users", type=int, default=1000, help="users to seed into an empty database")
    serve.add_argument("--posts", type=int, default=10_000, help="posts to seed into an empty database")
    return parser


def _serve(url: str, arguments: argparse.Namespace, console: Console) -> None:
    secret_key = os.environ.get("SECRET_KEY") or secrets.token_hex()
    settings = Settings.from_environ({**os.environ, "DATABASE_URL": url, "SECRET_KEY": secret_key})
    if arguments.stage:
        settings = replace(settings, default_stage=arguments.stage)
    app = compose(settings).app
    database = Database(url)
    database.check()
    fill_if_empty(database.sync_engine, console, users=arguments.users, posts=arguments.posts)
    database.sync_engine.dispose()
    address = f"http://{arguments.host}:{arguments.port}"
    console.print(f"\nServing on [bold]{address}[/bold]; stop with Ctrl+C.")
    console.print(f"  documentation   {address}/docs")
    console.print(f"  a ported route  curl -i {address}/users/3      (see the header Bridge-Path)")
    console.print(f"  still in Flask  curl -i {address}/health\n")
    uvicorn.run(app, host=arguments.host, port=arguments.port, log_level="info")


if __name__ == "__main__":
    sys.exit(main())
