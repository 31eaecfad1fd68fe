"""Where measurements are kept."""

from __future__ import annotations

import json
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["DIRECTORY", "load", "save"]

DIRECTORY = Path(__file__).parent / "results"
PACKAGES = ("fastapi", "starlette", "flask", "werkzeug", "uvicorn", "anyio", "sqlalchemy")


def save(name: str, rows: Iterable[Mapping[str, Any]], *, about: Sequence[str] = (), **more: Any) -> None:
    """
    Write ``results/<name>.json``: the rows, the day, what they were measured with, and what belongs to them besides.

    Args:
        name: Of the measurement.
        rows: What was measured, perhaps only a part of it.
        about: The keys of a row that tell the parts apart. Other parts that are in the file are kept, if they were measured on the
            same day, with the same versions and keys; without keys, nothing is kept.
        more: What belongs to the rows besides.
    """
    DIRECTORY.mkdir(exist_ok=True)
    head = {
        "measured": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "packages": {package: version(package) for package in PACKAGES},
    }
    before = load(name)
    parts: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    if about and before is not None and {key: before[key] for key in head} == head and _have(before["rows"], about):
        parts = _parts(before["rows"], about)
    parts |= _parts(rows, about)  # where the same part was before
    document = {**head, "rows": [row for part in parts.values() for row in part], **more}
    (DIRECTORY / f"{name}.json").write_text(json.dumps(document, indent=2) + "\n")


def _have(rows: Iterable[Mapping[str, Any]], keys: Sequence[str]) -> bool:
    """Return whether all of *rows* have all of *keys*; those of an earlier version may not."""
    return all(key in row for row in rows for key in keys)


def _parts(rows: Iterable[Mapping[str, Any]], about: Sequence[str]) -> dict[tuple[Any, ...], list[Mapping[str, Any]]]:
    parts: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        parts.setdefault(tuple(row[key] for key in about), []).append(row)
    return parts


def load(name: str) -> dict[str, Any] | None:
    """Return what `save` wrote; None if that was not measured yet."""
    path = DIRECTORY / f"{name}.json"
    if not path.exists():
        return None
    document: dict[str, Any] = json.loads(path.read_text())
    return document
