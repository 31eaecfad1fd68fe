"""What is shipped."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING
from zipfile import ZipFile

from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def test_the_wheel_holds_the_whole_library_and_nothing_else(tmp_path: Path) -> None:
    """One test, because building takes seconds."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = tmp_path.glob("*.whl")
    with ZipFile(path) as wheel:
        names = wheel.namelist()
        (metadata,) = [wheel.read(name).decode() for name in names if name.endswith(".dist-info/METADATA")]
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"bridge"}
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "bridge").rglob("*.py")}
    assert modules | {"bridge/py.typed"} <= set(names)
    core = {
        line.removeprefix("Requires-Dist: ").split(">=")[0]
        for line in metadata.splitlines()
        if line.startswith("Requires-Dist: ") and "extra ==" not in line
    }
    assert core == {"anyio", "fastapi", "flask", "sqlalchemy[asyncio]"}
