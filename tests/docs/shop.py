"""The example application of the documentation, on the path of one's choice."""

from __future__ import annotations

import os
import runpy
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final
from unittest.mock import patch

import httpx

from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from fastapi import FastAPI

    from bridge import Bridge

__all__ = ["EXAMPLES", "PROGRAMS", "client_of", "compose"]

EXAMPLES: Final = ROOT / "docs" / "examples"
PROGRAMS: Final = {
    "flask": "shop_behind_fastapi.py",
    "bridged": "shop_bridged.py",
    "native": "shop_ported.py",
}


def compose(path: str, url: str, *, program_file: Path | None = None) -> tuple[FastAPI, Bridge]:
    """Run the example program that serves items on *path*, or another, over the database at *url*."""
    stage = "native" if path == "native" else "legacy"
    with patch.dict(os.environ, {"DATABASE_URL": url, "BRIDGE_DEFAULT_STAGE": stage}):
        program = runpy.run_path(str(program_file or EXAMPLES / PROGRAMS[path]))
    return program["app"], program["bridge"]


@asynccontextmanager
async def client_of(app: FastAPI, bridge: Bridge, *, raising: bool = False) -> AsyncIterator[httpx.AsyncClient]:
    """Reach *app* through ASGI, and close *bridge* afterwards."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=raising)
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            yield client
    finally:
        await bridge.close()
