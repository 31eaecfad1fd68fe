"""``python -m async_app.demo``: exit status 0 only if everything was equal."""

from __future__ import annotations

import argparse
import secrets
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from sqlalchemy import create_engine, make_url
from sqlalchemy.pool import NullPool

from async_app.app import compose
from async_app.demo.comparison import Run, comparison_table, differences
from async_app.demo.migration import migrate
from async_app.demo.traffic import Traffic, drive
from async_app.local import fill_if_empty, local_server_url, serving
from async_app.settings import Settings
from bridge import ConfigurationError, Database
from bridge.testing import Canonical, TemplateDatabase, database_state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Engine

MODES = ("flask", "bridged", "native")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo and return the exit status: 0 all equal, 1 something differed, 2 wrong configuration."""
    parser = argparse.ArgumentParser(prog="python -m async_app.demo", description=__doc__)
    parser.add_argument("--users", type=int, default=1000, help="users to seed (default 1000, at least 500)")
    parser.add_argument("--posts", type=int, default=10_000, help="posts to seed (default 10000, at least 500)")
    arguments = parser.parse_args(argv)
    console = Console()
    started = time.monotonic()
    try:
        with local_server_url(console) as url:
            equal = _run(url, console, users=max(arguments.users, 500), posts=max(arguments.posts, 500))
    except ConfigurationError as error:
        console.print(f"[red]configuration error:[/red] {escape(str(error))}", highlight=False)
        return 2
    verdict = "[green]Everything was equal.[/green]" if equal else "[red]Something differed: see above.[/red]"
    console.print(f"\n{verdict} Took {time.monotonic() - started:.0f} s. Next: make serve, or read docs/migration.md.")
    return 0 if equal else 1


def _run(server_url: str, console: Console, *, users: int, posts: int) -> bool:
    if make_url(server_url).get_backend_name() != "postgresql":
        raise ConfigurationError(
            "the demo clones databases, which needs PostgreSQL: unset DATABASE_URL to use our own server"
        )
    Database(server_url).check()

    def fill(engine: Engine) -> None:
        fill_if_empty(engine, console, users=users, posts=posts)

    template = TemplateDatabase(server_url, fill)
    try:
        control, *candidates = [_drive(mode, template, console) for mode in MODES]
        console.print(comparison_table(control, candidates))
        found = [difference for run in candidates for difference in differences(control, run).items()]
        rows = sum(map(len, control.state.values()))
        if not found:
            console.print(f"All {rows:,} rows of the three databases are equal afterwards.\n")
        for name, difference in found:
            console.print(f"[red]{name}: {difference}[/red]")
        with template.clone() as url:
            moved = migrate(url, console)
    finally:
        template.drop()
    return moved and not found


def _drive(mode: str, template: TemplateDatabase, console: Console) -> Run:
    with template.clone() as url:
        engine = create_engine(url, poolclass=NullPool)
        known = Canonical.known_in(database_state(engine, template.tables))
        started = datetime.now(UTC)
        app = compose(_settings(mode, url)).app
        with serving(app) as address, httpx.Client(base_url=address) as client, Progress(console=console) as progress:
            task = progress.add_task(f"Driving every operation on the {mode} path over HTTP", total=None)
            traffic = Traffic(client, on_reply=lambda: progress.advance(task))
            drive(traffic)
            progress.update(task, total=len(traffic.replies))
        canonical = Canonical(known, started, datetime.now(UTC))
        return Run(mode, traffic.replies, canonical, canonical.value(database_state(engine, template.tables)))


def _settings(mode: str, url: str) -> Settings:
    stage = "native" if mode == "native" else "legacy"
    return Settings(url, secret_key=secrets.token_hex(), ported=mode != "flask", default_stage=stage)


if __name__ == "__main__":
    sys.exit(main())
