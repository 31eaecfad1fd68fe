"""Where measurements are kept."""

from __future__ import annotations

import json
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["DIRECTORY", "load", "save"]

DIRECTORY = Path(__file__).parent / "results"
PACKAGES = ("fastapi", "starlette", "flask", "werkzeug", "uvicorn", "anyio", "sqlalchemy")


def save(name: str, rows: Sequence[Mapping[str, Any]], **more: Any) -> None:
    """Write ``results/<name>.json``: the rows, the day, what they were measured with, and what belongs to them besides."""
    DIRECTORY.mkdir(exist_ok=True)
    document = {
        "measured": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "packages": {package: version(package) for package in PACKAGES},
        "rows": rows,
        **more,
    }
    (DIRECTORY / f"{name}.json").write_text(json.dumps(document, indent=2) + "\n")


def load(name: str) -> dict[str, Any] | None:
    """Return what `save` wrote; None if that was not measured yet."""
    path = DIRECTORY / f"{name}.json"
    if not path.exists():
        return None
    document: dict[str, Any] = json.loads(path.read_text())
    return document
