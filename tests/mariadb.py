"""A real MariaDB server from the system's packages."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pymysql

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["MISSING", "PASSWORD", "mariadb_server"]

PATIENCE_S = 60
POLL_S = 0.05
# Only what a quoted URL can carry, in an encoding of the wire.
PASSWORD = "pä:ss/w@rd?#%"
INSTALL, SERVER = shutil.which("mariadb-install-db"), shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin")
MISSING = "" if INSTALL and SERVER else "no mariadbd: install the Debian package mariadb-server"


@contextmanager
def mariadb_server(directory: Path, *options: str) -> Iterator[int]:
    """
    Run a MariaDB server whose files are in *directory*, and yield its port on 127.0.0.1; the socket is ``directory/socket``.

    The account ``tester`` may do everything; its password is `PASSWORD`.

    Args:
        directory: An empty directory, with a path short enough for a socket.
        options: Further options of ``mariadbd``.
    """
    assert INSTALL
    assert SERVER
    user = f"--user={pwd.getpwuid(os.getuid()).pw_name}"
    data, log = directory / "data", directory / "log"
    subprocess.run(
        [INSTALL, "--no-defaults", user, f"--datadir={data}", "--auth-root-authentication-method=normal",
         "--skip-test-db", "--skip-name-resolve"],
        check=True, capture_output=True,
    )  # fmt: skip
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with log.open("w") as output, subprocess.Popen(
        [SERVER, "--no-defaults", user, f"--datadir={data}", f"--socket={directory}/socket", f"--port={port}",
         f"--pid-file={directory}/pid", "--bind-address=127.0.0.1", "--skip-name-resolve", "--innodb-buffer-pool-size=32M",
         "--innodb-flush-log-at-trx-commit=0", "--default-time-zone=+03:00", *options],
        stdout=output, stderr=output,
    ) as process:  # fmt: skip
        try:
            _create_account(process, directory)
            yield port
        finally:
            process.terminate()


def _create_account(process: subprocess.Popen[bytes], directory: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            root = pymysql.connect(unix_socket=f"{directory}/socket", user="root", ssl_disabled=True, charset="utf8mb4")
            break
        except pymysql.OperationalError:
            assert process.poll() is None, (directory / "log").read_text()
            assert time.monotonic() < deadline, (directory / "log").read_text()
            time.sleep(POLL_S)
    with root, root.cursor() as cursor:
        cursor.execute(f"CREATE USER tester@'%' IDENTIFIED BY '{PASSWORD}'")
        cursor.execute("GRANT ALL ON *.* TO tester@'%' WITH GRANT OPTION")
        cursor.execute("CREATE DATABASE shop CHARACTER SET utf8mb4")
