"""Identical, independent databases: the only state that two drivers can share, commit and compare."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import MetaData, create_engine, make_url, text
from sqlalchemy.pool import NullPool

from bridge.errors import InvalidDatabaseURL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.engine import Engine

__all__ = ["TemplateDatabase"]


class TemplateDatabase:
    """
    A PostgreSQL database that is filled once and cloned as often as needed.

    A clone is a copy of the files (``CREATE DATABASE … TEMPLATE``), so rows, sequences and statistics are the same in each.

    Attributes:
        name: The database.
        tables: Its tables, as the database describes them.
    """

    def __init__(self, server_url: str, fill: Callable[[Engine], None]) -> None:
        """
        Args:
            server_url: URL of a role that may create databases.
            fill: Creates the schema and the rows; called once, with an engine on the template.

        Raises:
            InvalidDatabaseURL: It is not that of a PostgreSQL server, which alone can clone databases.
        """
        given = make_url(server_url)
        if given.get_backend_name() != "postgresql":
            msg = f"databases are cloned by PostgreSQL, and this is a URL of {given.get_backend_name()}: give that of a PostgreSQL server, or unset DATABASE_URL where it is read from there"
            raise InvalidDatabaseURL(msg)
        self._server = given.set(drivername="postgresql+psycopg2")
        self._admin = create_engine(self._server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        self.name = f"template_{uuid.uuid4().hex[:12]}"
        self._execute(f'CREATE DATABASE "{self.name}"')
        # No pool: PostgreSQL refuses to clone a database that somebody is connected to.
        engine = create_engine(self._server.set(database=self.name), poolclass=NullPool)
        fill(engine)
        self.tables = MetaData()
        self.tables.reflect(engine)
        engine.dispose()

    @contextmanager
    def clone(self) -> Iterator[str]:
        """Make a copy, yield its URL, and drop it, whoever is still connected."""
        name = f"clone_{uuid.uuid4().hex[:12]}"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{self.name}"')
        try:
            yield self._server.set(database=name).render_as_string(hide_password=False)
        finally:
            self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def drop(self) -> None:
        """Remove the template."""
        self._execute(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')
        self._admin.dispose()

    def _execute(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.execute(text(statement))
