"""A real PgBouncer in front of the server of the tests."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import make_url

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = shutil.which("pgbouncer", path=os.environ.get("PATH", "") + ":/usr/sbin")
needs_pgbouncer = pytest.mark.skipif(PROGRAM is None, reason="pgbouncer is not installed: apt-get install pgbouncer")


@contextlib.contextmanager
def pgbouncer(database_url: str, *, pool_mode: str = "transaction", **settings: object) -> Iterator[str]:
    """Run PgBouncer in front of *database_url*, and yield the URL to reach the same database through it."""
    assert PROGRAM is not None
    url = make_url(database_url)
    host = url.host or str(url.query["host"])
    user = url.username or "postgres"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    password = f" password={url.password}" if url.password else ""
    lines = {
        "listen_addr": "127.0.0.1",
        "listen_port": port,
        "unix_socket_dir": "",
        "auth_type": "trust",
        "auth_file": "users.txt",
        "stats_users": user,
        "pool_mode": pool_mode,
        **settings,
    }
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o755)
        (directory / "users.txt").write_text(f'"{user}" ""\n')
        (directory / "pgbouncer.ini").write_text(
            f"[databases]\n{url.database} = host={host} port={url.port or 5432} dbname={url.database} user={user}{password}\n"
            "[pgbouncer]\n" + "".join(f"{key} = {value}\n" for key, value in lines.items())
        )
        # It refuses to be root, and the socket of the server may be where only the server's account can go.
        account = ["-u", _account(host)] if os.geteuid() == 0 else []
        process = subprocess.Popen(
            [PROGRAM, "-q", *account, "pgbouncer.ini"], cwd=directory, stderr=subprocess.PIPE, text=True
        )
        try:
            _await(process, port)
            address = url.set(host="127.0.0.1", port=port, query={}, username=user, password=None)
            yield address.render_as_string(hide_password=False)
        finally:
            process.terminate()
            process.communicate(timeout=10)


def _account(host: str) -> str:
    owner = pwd.getpwuid(Path(host).stat().st_uid).pw_name if host.startswith("/") else "nobody"
    return "nobody" if owner == "root" else owner


def _await(process: subprocess.Popen[str], port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        if process.poll() is not None:
            pytest.fail(f"pgbouncer ended: {process.communicate()[1]}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        assert time.monotonic() < deadline, "pgbouncer did not start"
        time.sleep(0.02)  # another process: there is no event to wait for
