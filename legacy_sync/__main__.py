"""Command line: ``python -m legacy_sync serve`` and ``python -m legacy_sync seed``."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from legacy_sync.app import create_app
from legacy_sync.config import ConfigurationError, read_database_url
from legacy_sync.database import build_engine, create_schema, drop_schema
from legacy_sync.seed import SeedError, seed

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status: 0 done, 1 refused, 2 wrong usage or configuration."""
    arguments = _parser().parse_args(argv)
    try:
        if arguments.command == "serve":
            _serve(arguments)
        else:
            _seed(arguments)
    except ConfigurationError as error:
        sys.stderr.write(f"configuration error: {error}\n")
        return 2
    except SeedError as error:
        sys.stderr.write(f"cannot seed: {error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m legacy_sync", description="Blog platform. Reads DATABASE_URL.")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="run the development server (also needs SECRET_KEY)")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=5000)
    fill = commands.add_parser("seed", help="create the tables and fill them with sample data")
    fill.add_argument("--users", type=_count, default=200)
    fill.add_argument("--posts", type=_count, default=1000)
    fill.add_argument("--seed", type=int, default=1, help="start value of the random numbers")
    fill.add_argument("--reset", action="store_true", help="drop the existing tables, with all data, first")
    return parser


def _count(raw: str) -> int:
    if not raw.isdecimal():
        message = "expected a whole number of at least 0"
        raise argparse.ArgumentTypeError(message)
    return int(raw)


def _serve(arguments: argparse.Namespace) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    create_app().run(host=arguments.host, port=arguments.port)


def _seed(arguments: argparse.Namespace) -> None:
    engine = build_engine(read_database_url(os.environ))
    if arguments.reset:
        drop_schema(engine)
    create_schema(engine)
    with Session(engine) as session:
        seed(session, users=arguments.users, posts=arguments.posts, seed=arguments.seed, on_progress=_show_progress)
    engine.dispose()


def _show_progress(done: int, total: int) -> None:
    sys.stderr.write(f"{done} of {total} rows\n")


if __name__ == "__main__":
    sys.exit(main())
