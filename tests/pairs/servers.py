"""A server for each database."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pymysql

from tests.mariadb import mariadb_server

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["mariadb_url"]

ACCOUNT: Final = "corpus"


@contextmanager
def mariadb_url() -> Iterator[str]:
    """Run MariaDB, and yield the URL of an account that may do everything and whose password every driver can send."""
    with tempfile.TemporaryDirectory() as directory, mariadb_server(Path(directory)) as port:
        root = pymysql.connect(unix_socket=f"{directory}/socket", user="root", ssl_disabled=True)
        with root, root.cursor() as cursor:
            cursor.execute(f"CREATE USER {ACCOUNT}@'%' IDENTIFIED BY '{ACCOUNT}'")
            cursor.execute(f"GRANT ALL ON *.* TO {ACCOUNT}@'%'")
        yield f"mysql+pymysql://{ACCOUNT}:{ACCOUNT}@127.0.0.1:{port}/"
