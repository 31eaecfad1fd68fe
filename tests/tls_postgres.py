"""A PostgreSQL server with TLS from the system's packages: the one from a wheel is built without."""

from __future__ import annotations

import os
import pwd
import socket
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import trustme

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MISSING", "TLSServer", "tls_postgres_server"]

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
MISSING = "" if PROGRAMS else "no PostgreSQL with TLS: install the Debian package postgresql"


@dataclass(frozen=True, slots=True)
class TLSServer:
    """
    A server that accepts TLS and plain connections on 127.0.0.1, named ``localhost`` in its certificate.

    Attributes:
        port: Where it listens.
        directory: Has the certificates: ``ca.pem`` is the issuer's, ``other.pem`` another issuer's, ``client.pem`` and
            ``client.key`` those of the user ``certified``, who has to have them.
    """

    port: int
    directory: Path

    def url(self, query: str = "", *, user: str = "tester", host: str = "localhost") -> str:
        """Return the URL of the server for a user; ``plain`` may not use TLS, ``encrypted`` has to."""
        return f"postgresql://{user}@{host}:{self.port}/postgres?{query}"


@contextmanager
def tls_postgres_server(directory: Path) -> Iterator[TLSServer]:
    """Run a server whose files are in *directory*, which is empty and has a short path."""
    owner = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    account = owner if os.geteuid() == 0 else None
    programs = PROGRAMS[-1].parent
    data = directory / "data"
    data.mkdir(mode=0o700)
    _hand_over(owner, directory, data)
    subprocess.run(
        [programs / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync"],
        check=True, capture_output=True, user=account, cwd=data,
    )  # fmt: skip
    _write_certificates(directory, data)
    (data / "pg_hba.conf").write_text(
        "local all all trust\n"
        "hostssl all certified 127.0.0.1/32 cert\n"
        "hostnossl all plain 127.0.0.1/32 trust\n"
        "hostssl all encrypted 127.0.0.1/32 trust\n"
        "host all tester,postgres 127.0.0.1/32 trust\n"
    )
    _hand_over(owner, *data.glob("*.*"), directory / "client.key")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = {
        "port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": directory, "fsync": "off", "ssl": "on",
        "ssl_cert_file": "server.pem", "ssl_key_file": "server.key", "ssl_ca_file": "ca.pem",
    }  # fmt: skip
    with (data / "postgresql.conf").open("a") as file:
        file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
    control: list[str | Path] = [programs / "pg_ctl", "-D", data, "-w", "-l", data / "log"]
    subprocess.run([*control, "start"], check=True, stdout=subprocess.DEVNULL, user=account, cwd=data)
    try:
        for user in ("tester", "plain", "encrypted", "certified"):
            subprocess.run(
                [programs / "psql", "-h", directory, "-p", str(port), "-U", "postgres", "-c", f"CREATE ROLE {user} LOGIN"],
                check=True, capture_output=True,
            )  # fmt: skip
        yield TLSServer(port, directory)
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=True, capture_output=True, user=account, cwd=data)


def _write_certificates(directory: Path, data: Path) -> None:
    authority = trustme.CA()
    server, client = authority.issue_cert("localhost"), authority.issue_cert(common_name="certified")
    for path in (directory / "ca.pem", data / "ca.pem"):
        authority.cert_pem.write_to_path(path)
    trustme.CA().cert_pem.write_to_path(directory / "other.pem")
    server.cert_chain_pems[0].write_to_path(data / "server.pem")
    server.private_key_pem.write_to_path(data / "server.key")
    client.cert_chain_pems[0].write_to_path(directory / "client.pem")
    client.private_key_pem.write_to_path(directory / "client.key")
    for key in (data / "server.key", directory / "client.key"):
        key.chmod(0o600)


def _hand_over(owner: str, *paths: Path) -> None:
    if os.geteuid() == 0:
        for path in paths:
            os.chown(path, pwd.getpwnam(owner).pw_uid, -1)
