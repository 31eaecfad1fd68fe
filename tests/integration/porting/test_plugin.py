"""A team runs its own test suite under the instruments."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SUITE = """
import os
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool
from tests.integration.porting.models import Book, Writer

ENGINE = create_engine(os.environ["URL"], poolclass=NullPool)

@pytest.fixture
def prepared():
    with Session(ENGINE) as session:
        assert session.get(Writer, 1).books  # a fixture may do what it likes

def test_lazy(prepared):
    with Session(ENGINE) as session:
        assert session.get(Writer, 1).books

def test_several():
    with ENGINE.connect() as connection:
        connection.execute(text("SELECT 1; SELECT 2"))

def test_value():
    with Session(ENGINE) as session:
        session.add(Book(title="new", pages="5"))
        session.flush()

def test_fixtures(bridge_guard, bridge_instruments):
    assert len(bridge_guard) == 0
    assert len(bridge_instruments) == 0
"""


def run_suite(folder: Path, url: str, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text('pytest_plugins = ["bridge.testing.instruments"]\n')
    (folder / "test_legacy.py").write_text(SUITE)
    (folder / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    environ = {**os.environ, "URL": url, "PYTHONPATH": str(ROOT)}
    environ.pop("PYTEST_ADDOPTS", None)
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)


def test_a_suite_is_the_same_without_options(writers_url: str, tmp_path: Path) -> None:
    done = run_suite(tmp_path, writers_url)
    assert "4 passed" in done.stdout
    assert "trouble" not in done.stdout


def test_the_guard_fails_the_test_that_loads_lazily_and_spares_fixtures(writers_url: str, tmp_path: Path) -> None:
    done = run_suite(tmp_path, writers_url, "--bridge-guard=raise")
    assert "1 failed, 3 passed" in done.stdout
    assert "LazyLoadUnderGuard" in done.stdout
    assert "1 x fails guard.lazy_load: Writer.books" in done.stdout


@pytest.mark.timeout(180)
@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_report_covers_all_three_and_every_worker(writers_url: str, tmp_path: Path, workers: str) -> None:
    kept = tmp_path / "build" / "report.json"
    options = ["--bridge-guard=report", "--bridge-probe", "--bridge-values", f"--bridge-report={kept}", f"-n{workers}"]
    done = run_suite(tmp_path, writers_url, *options)
    assert "4 passed" in done.stdout, done.stdout + done.stderr
    rules = {"guard.lazy_load", "probe.several_statements", "probe.statement", "value.string_into_integer"}
    assert {entry["rule"] for entry in json.loads(kept.read_text())} == rules
    assert "trouble before porting" in done.stdout
    assert all(rule in done.stdout for rule in rules)
    line = SUITE.splitlines().index("        assert session.get(Writer, 1).books") + 1
    assert f"test_legacy.py:{line} in test_lazy" in done.stdout
