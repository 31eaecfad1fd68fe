"""A real MariaDB server from the system's packages."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pymysql
import trustme
from sqlalchemy.engine import URL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["MISSING", "PASSWORD", "mariadb_server"]

PATIENCE_S = 60
POLL_S = 0.05
# Has to be quoted in a URL, and is not ASCII.
PASSWORD = "pä:ss/w@rd?#%"
INSTALL, SERVER = shutil.which("mariadb-install-db"), shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin")
MISSING = "" if INSTALL and SERVER else "no mariadbd: install the Debian package mariadb-server"


@contextmanager
def mariadb_server(directory: Path, *, tls: bool = True) -> Iterator[str]:
    """
    Run a MariaDB server on 127.0.0.1 whose files are in *directory*, and yield the URL of an empty database.

    The account in it may do everything. The server's clock is three hours ahead of UTC.

    Args:
        directory: An empty directory with a short path, as it holds the socket. Afterwards, ``ca.pem`` in it is the issuer of
            the server's certificate, which names ``localhost``, and ``other.pem`` is another issuer.
        tls: Whether the server has TLS.
    """
    assert INSTALL
    assert SERVER
    user = f"--user={pwd.getpwuid(os.getuid()).pw_name}"
    options = _certificates(directory) if tls else ["--skip-ssl"]
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
            yield URL.create("mariadb", "tester", PASSWORD, "localhost", port, "shop").render_as_string(
                hide_password=False
            )
        finally:
            process.terminate()


def _certificates(directory: Path) -> list[str]:
    authority = trustme.CA()
    server = authority.issue_cert("localhost")
    authority.cert_pem.write_to_path(directory / "ca.pem")
    trustme.CA().cert_pem.write_to_path(directory / "other.pem")
    server.cert_chain_pems[0].write_to_path(directory / "server.pem")
    server.private_key_pem.write_to_path(directory / "server.key")
    return [f"--ssl-cert={directory}/server.pem", f"--ssl-key={directory}/server.key", f"--ssl-ca={directory}/ca.pem"]


def _create_account(process: subprocess.Popen[bytes], directory: Path) -> None:
    _wait(process, directory)
    # In the encoding in which PyMySQL and aiomysql send a password, or its hash would be of other bytes.
    root = pymysql.connect(unix_socket=f"{directory}/socket", user="root", ssl_disabled=True, charset="latin1")
    with root, root.cursor() as cursor:
        cursor.execute(f"CREATE USER tester@'%' IDENTIFIED BY '{PASSWORD}'")
        cursor.execute("GRANT ALL ON *.* TO tester@'%' WITH GRANT OPTION")
        cursor.execute("CREATE DATABASE shop CHARACTER SET utf8mb4")


def _wait(process: subprocess.Popen[bytes], directory: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        # Not with PyMySQL, which does not close the socket of a connection that is refused.
        with socket.socket(socket.AF_UNIX) as attempt, suppress(OSError):
            attempt.connect(f"{directory}/socket")
            return
        assert process.poll() is None, (directory / "log").read_text()
        assert time.monotonic() < deadline, (directory / "log").read_text()
        time.sleep(POLL_S)
