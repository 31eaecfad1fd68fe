"""A server of our own: shared by the processes that name its directory, gone with the last, startable after a crash."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import psutil
import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

from bridge.testing import postgres, postgres_server
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = """
import sys
from pathlib import Path
from bridge.testing import postgres, postgres_server
with postgres_server(Path(sys.argv[1])) as url:
    print(url, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def directory() -> Iterator[Path]:
    """A place that the server's unprivileged account can reach, and whose name is short enough for a socket."""
    path = Path(tempfile.mkdtemp(prefix="pg"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


class User:
    """A process that uses the server until it is told to stop."""

    def __init__(self, directory: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(directory)], cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def url(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def stop(self) -> None:
        self._process.communicate(timeout=40)
        assert self._process.returncode == 0

    def crash(self) -> None:
        self._process.kill()
        self._process.communicate(timeout=40)

    def end(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
        pipes: tuple[IO[str] | None, ...] = (self._process.stdin, self._process.stdout)
        for pipe in pipes:
            if pipe is not None:
                pipe.close()
        self._process.wait(40)


@contextmanager
def users(directory: Path, count: int) -> Iterator[list[User]]:
    started = [User(directory) for _ in range(count)]
    try:
        yield started
    finally:
        for user in started:
            user.end()


def answers(url: str) -> bool:
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg2"), poolclass=NullPool)
    with engine.connect() as connection:
        return bool(connection.scalar(text("SELECT true")))


def postmaster(directory: Path) -> psutil.Process | None:
    record = directory / "data" / "postmaster.pid"
    return psutil.Process(int(record.read_text().splitlines()[0])) if record.exists() else None


def runs(process: psutil.Process) -> bool:
    # In a container whose first process does not reap, what has ended stays as a zombie.
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def test_processes_share_a_server_that_survives_a_crash_and_ends_with_the_last_of_them(directory: Path) -> None:
    with users(directory, 2) as (one, other):
        url = one.url()
        assert url
        assert other.url() == url
        server = postmaster(directory)
        assert server is not None
        one.stop()
        assert runs(server)
        assert answers(url), "the other process still uses it"
        other.crash()
        assert runs(server), "nobody was left to stop it"
    with postgres_server(directory) as inherited:
        assert answers(inherited)
        last = postmaster(directory)
        assert last is not None
    assert not runs(last)
    assert not runs(server)
    assert postmaster(directory) is None


def test_a_stale_record_of_a_server_does_not_keep_it_from_starting(directory: Path) -> None:
    """After a crash of the machine, the recorded process id may belong to some other program."""
    with postgres_server(directory) as url:
        assert answers(url)
    (directory / "data" / "postmaster.pid").write_text(f"{psutil.Process().pid}\n{directory}/data\n")
    with postgres_server(directory) as url:
        assert answers(url)
    assert psutil.Process().is_running()


def test_data_in_memory_are_shared_and_forgotten_with_the_server(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "MEMORY", tmp_path)
    monkeypatch.setattr(postgres, "MEMORY_NEEDED", 1)
    (directory / "data").symlink_to(tmp_path / "lost when the machine was started again")
    with postgres_server(directory, in_memory=True) as url:
        (kept,) = tmp_path.iterdir()
        assert (kept / "PG_VERSION").exists()
        with postgres_server(directory) as other:
            assert other == url
        assert answers(url)
    assert list(tmp_path.iterdir()) == []
    assert not (directory / "data").is_symlink()


def test_where_memory_is_short_data_are_kept_in_the_directory(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "MEMORY", tmp_path)
    monkeypatch.setattr(postgres, "MEMORY_NEEDED", 1 << 60)
    for _ in range(2):
        with postgres_server(directory, in_memory=True) as url:
            assert answers(url)
            monkeypatch.setattr(postgres, "MEMORY_NEEDED", 1)  # and there they stay, whatever is free later
    assert list(tmp_path.iterdir()) == []
    assert (directory / "data" / "PG_VERSION").exists()
