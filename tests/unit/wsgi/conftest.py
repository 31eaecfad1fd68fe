from __future__ import annotations

import tempfile
from typing import IO, TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def spooled(monkeypatch: pytest.MonkeyPatch) -> list[IO[bytes]]:
    """Collect the spool files."""
    files: list[IO[bytes]] = []
    original = tempfile.TemporaryFile

    def create(*, dir: Path | None) -> IO[bytes]:  # noqa: A002  the name that callers use
        files.append(original(dir=dir))
        return files[-1]

    monkeypatch.setattr(tempfile, "TemporaryFile", create)
    return files
