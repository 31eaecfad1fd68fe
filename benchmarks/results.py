"""Where measurements are kept."""

from __future__ import annotations

import json
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

__all__ = ["load", "save"]

DIRECTORY = Path(__file__).parent / "results"
PACKAGES = ("fastapi", "starlette", "flask", "werkzeug", "uvicorn", "anyio", "sqlalchemy")


def save(name: str, rows: list[dict[str, Any]]) -> None:
    """Write ``results/<name>.json``: the rows, the day, and what they were measured with."""
    DIRECTORY.mkdir(exist_ok=True)
    document = {
        "measured": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "packages": {package: version(package) for package in PACKAGES},
        "rows": rows,
    }
    (DIRECTORY / f"{name}.json").write_text(json.dumps(document, indent=2) + "\n")


def load(name: str) -> dict[str, Any]:
    """Return what `save` wrote."""
    document: dict[str, Any] = json.loads((DIRECTORY / f"{name}.json").read_text())
    return document
