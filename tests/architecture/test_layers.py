"""The house is built as DESIGN.md says: layers, sizes, tables of contents."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGES = ("bridge", "legacy_sync", "async_app")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
LONGEST = 300


def test_no_room_imports_from_a_floor_above_it() -> None:
    """The contracts are in pyproject.toml."""
    command = [sys.executable, "-c", "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 kept, 0 broken" in done.stdout


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST


@pytest.mark.parametrize("path", [path for path in MODULES if path.parts[len(ROOT.parts)] == "bridge"], ids=lambda path: str(path.relative_to(ROOT)))  # fmt: skip
def test_nothing_runs_when_a_module_is_imported_but_definitions(path: Path) -> None:
    """Calls are allowed only in assignments and where warnings are silenced around an import; no loops, no bare calls."""
    allowed = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign, ast.If, ast.With)  # fmt: skip
    for node in ast.parse(path.read_text()).body:
        docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        assert docstring or isinstance(node, allowed), f"line {node.lineno} of {path}"


def test_the_table_of_contents_only_imports_and_lists() -> None:
    body = ast.parse((ROOT / "bridge/__init__.py").read_text()).body
    docstring, *statements = body
    assert isinstance(docstring, ast.Expr)
    *imports, last = statements
    assert all(isinstance(node, ast.ImportFrom) for node in imports)
    assert isinstance(last, ast.Assign)
    assert ast.unparse(last.targets[0]) == "__all__"
