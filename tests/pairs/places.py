"""Databases that are equal in every row, one for each engine."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

from bridge.testing import TemplateDatabase
from tests.pairs.engines import SERVER_ZONE
from tests.pairs.schema import create_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL

__all__ = ["places"]


@contextmanager
def places(backend: str, server_url: str, count: int) -> Iterator[list[str]]:
    """
    Yield the URLs of *count* equal databases with the tables of the corpus.

    Args:
        backend: Which database.
        server_url: A server where databases may be created; not used for SQLite.
        count: How many.
    """
    with ExitStack() as stack:
        if backend == "sqlite":
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            yield [_sqlite(directory / f"{number}.db") for number in range(count)]
        elif backend == "mysql":
            server = make_url(server_url).set(drivername="mysql+pymysql")
            yield [stack.enter_context(_mysql(server, f"corpus_{number}")) for number in range(count)]
        else:
            template = TemplateDatabase(server_url, create_schema)
            stack.callback(template.drop)
            yield [_in_zone(stack.enter_context(template.clone())) for _ in range(count)]


def _sqlite(path: Path) -> str:
    url = f"sqlite:///{path}"
    engine = create_engine(url, poolclass=NullPool)
    create_schema(engine)
    return url


@contextmanager
def _mysql(server: URL, name: str) -> Iterator[str]:
    admin = create_engine(server, poolclass=NullPool)
    with admin.begin() as connection:
        connection.execute(text(f"CREATE DATABASE {name} CHARACTER SET utf8mb4"))
    engine = create_engine(server.set(database=name), poolclass=NullPool)
    create_schema(engine)
    yield engine.url.render_as_string(hide_password=False)
    with admin.begin() as connection:
        connection.execute(text(f"DROP DATABASE {name}"))


def _in_zone(url: str) -> str:
    # A clone does not inherit settings; this one stands for the server's own zone.
    parsed = make_url(url)
    engine = create_engine(parsed, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text(f"ALTER DATABASE \"{parsed.database}\" SET TimeZone TO '{SERVER_ZONE}'"))
    return url
